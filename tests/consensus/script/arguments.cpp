#include "tests/consensus/script/arguments.h"

#include <algorithm>
#include <map>
#include <optional>

#include "consensus/crypto/crypto.h"

namespace govchain::consensus::testing {

Error refuse(const Case& command, const std::string& what) {
  return Error{ErrorCode::kInvalid, what, command.where()};
}

std::vector<std::string> list_argument(const Case& command, const std::string& name) {
  const auto found = command.arguments.find(name);
  return found == command.arguments.end() ? std::vector<std::string>() : found->second;
}

Status check_arguments(const Case& command, const std::set<std::string>& known) {
  for (const auto& [name, values] : command.arguments) {
    if (known.count(name) != 0 || name == "quiet" || name == "silent") continue;
    std::string names;
    for (const std::string& one : known) names += one + " ";
    return refuse(command, "'" + command.command + "' has no argument '" + name +
                               "'; it has: " + names + "quiet silent");
  }
  return success();
}

Result<uint64_t> bounded_argument(const Case& command, const std::string& name, uint64_t otherwise,
                                  Bounds bounds) {
  if (!command.has(name)) return otherwise;
  const std::optional<std::string> text = command.value(name);
  const std::optional<uint64_t> number = text ? parse_number(*text) : std::nullopt;
  if (number && *number >= bounds.least && *number <= bounds.most) return *number;
  std::string wanted = name + " must be a whole number";
  if (bounds.most != UINT64_MAX) {
    wanted += " from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most);
  } else if (bounds.least > 0) {
    wanted += " of at least " + std::to_string(bounds.least);
  }
  return refuse(command, wanted + (text ? ", not '" + *text + "'" : ""));
}

Result<bool> is_manual(const Case& command, const std::string& name) {
  const std::string mode = command.value(name).value_or(command.has(name) ? "" : "auto");
  if (mode != "manual" && mode != "auto") {
    return refuse(command, name + " must be manual or auto, not '" + mode + "'");
  }
  return mode == "manual";
}

Status read_proposals(const Case& command, EngineConfig& config) {
  if (command.has("proposals")) {
    static const std::map<std::string, ProposalBodies> kModes = {
        {"whole", ProposalBodies::kCarried},
        {"by-digest", ProposalBodies::kByDigest},
        {"certified", ProposalBodies::kCertified}};
    const auto mode = kModes.find(command.value("proposals").value_or(""));
    if (mode == kModes.end()) {
      return refuse(command, "proposals must be whole, by-digest or certified");
    }
    config.proposal_bodies = mode->second;
    if (mode->first != "whole") config.genesis.version = kProposalsByDigestSince;
  }
  config.replicas_verify_payloads = command.has("verify-payloads");
  return success();
}

Member member_of(uint32_t id, uint64_t weight) {
  return Member{
      ReplicaId(id), weight,
      make_signer(SignatureScheme::kModelled, 1, kScriptChain, ReplicaId(id))->public_key()};
}

Result<MembershipChange> change_of(const Case& command, const Membership& now) {
  std::map<uint32_t, Member> members;
  for (const Member& member : now.members) members[member.id.value()] = member;
  for (const char* kind : {"add", "learner", "witness", "remove"}) {
    for (const std::string& text : list_argument(command, kind)) {
      const std::optional<uint64_t> id = parse_number(text);
      if (!id || *id >= kMostReplicas)
        return refuse(command,
                      std::string(kind) + " must name replicas 0 to 99, not '" + text + "'");
      const auto key = static_cast<uint32_t>(*id);
      if (kind == std::string("remove")) {
        members.erase(key);
      } else {
        members[key] = member_of(key, kind == std::string("learner") ? 0 : 1);
        if (kind == std::string("witness")) members[key].role = MemberRole::kWitness;
      }
    }
  }
  // "2:5": replica 2 weighs 5.
  for (const std::string& text : list_argument(command, "weights")) {
    const size_t colon = std::min(text.find(':'), text.size());
    const std::optional<uint64_t> id = parse_number(text.substr(0, colon));
    const std::optional<uint64_t> weight =
        parse_number(text.substr(std::min(colon + 1, text.size())));
    if (!id || !weight) return refuse(command, "'" + text + "' is no replica:weight");
    const auto member = members.find(static_cast<uint32_t>(*id));
    if (member == members.end()) return refuse(command, "'" + text + "' is no member");
    member->second.weight = *weight;
  }
  MembershipChange change;
  for (const auto& [id, member] : members) change.target.push_back(member);
  return change;
}

Status read_shares(const Case& command, Membership& genesis) {
  const std::vector<std::string> weights = list_argument(command, "weights");
  if (weights.size() > genesis.members.size()) return refuse(command, "more weights than replicas");
  for (size_t i = 0; i < weights.size(); ++i) {
    const std::optional<uint64_t> weight = parse_number(weights[i]);
    if (!weight) return refuse(command, "'" + weights[i] + "' is no weight");
    genesis.members[i].weight = *weight;
  }
  for (const std::string& text : list_argument(command, "witnesses")) {
    const std::optional<uint64_t> id = parse_number(text);
    if (!id || *id >= genesis.members.size()) return refuse(command, "no replica " + text);
    genesis.members[*id].role = MemberRole::kWitness;
  }
  const auto has_weight = [](const Member& member) { return member.weight > 0; };
  if (std::none_of(genesis.members.begin(), genesis.members.end(), has_weight)) {
    return refuse(command, "some replica must have a weight");
  }
  return success();
}

}  // namespace govchain::consensus::testing
