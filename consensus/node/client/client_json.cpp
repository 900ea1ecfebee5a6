#include "consensus/node/client/client_json.h"

#include <vector>

#include "consensus/codec.h"
#include "consensus/node/client/bytes_text.h"

namespace govchain::consensus::node {

namespace {

using nlohmann::json;

constexpr int kMaxDepth = 32;

json certificate_json(const CertificateRef& certificate) {
  if (!certificate) return nullptr;
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  encode_certificate(*certificate, out);
  return to_hex(bytes);
}

json receipts_json(const std::vector<Receipt>& receipts) {
  json list = json::array();
  for (const Receipt& receipt : receipts) {
    list.push_back({{"code", receipt.code}, {"contract", receipt.contract}});
  }
  return list;
}

std::string_view name_of(StopReason reason) {
  switch (reason) {
    case StopReason::kRemoved:
      return "removed";
    case StopReason::kStorageFailed:
      return "storage_failed";
    case StopReason::kSoftwareOutdated:
      return "software_outdated";
  }
  return "";
}

json counters_json(const EngineCounters& counters) {
  return {{"malformed", counters.malformed},
          {"oversize", counters.oversize},
          {"unauthorised", counters.unauthorised},
          {"forged", counters.forged},
          {"stale", counters.stale},
          {"future", counters.future},
          {"duplicate", counters.duplicate},
          {"conflicting", counters.conflicting},
          {"unsupported", counters.unsupported},
          {"accepted", counters.accepted},
          {"proposals", counters.proposals},
          {"committed_blocks", counters.committed_blocks},
          {"view_changes", counters.view_changes},
          {"checkpoints", counters.checkpoints},
          {"state_transfers", counters.state_transfers},
          {"block_catch_ups", counters.block_catch_ups},
          {"recoveries", counters.recoveries},
          {"evidence", counters.evidence},
          {"membership_changes", counters.membership_changes},
          {"upgrades", counters.upgrades},
          {"outdated_software", counters.outdated_software}};
}

}  // namespace

json to_json(const Answer& answer) {
  json body = {{"id", to_hex(answer.id.bytes)}, {"status", node::name_of(answer.outcome)}};
  if (answer.cause != Cause::kNone) {
    body["cause"] = node::name_of(answer.cause);
    body["explanation"] = explain(answer.cause);
  }
  if (answer.outcome != Outcome::kFinal && answer.outcome != Outcome::kOrdered) return body;
  body["height"] = answer.height ? json(answer.height->value()) : json();
  if (answer.outcome == Outcome::kFinal) {
    body["index"] = answer.index;
    body["certificate"] = certificate_json(answer.certificate);
  }
  body["receipts"] = answer.receipts ? receipts_json(*answer.receipts) : json();
  return body;
}

std::string explain(Cause cause) {
  switch (cause) {
    case Cause::kNone:
      return "";
    case Cause::kOversize:
      return "no block may hold it";
    case Cause::kForged:
      return "transactions of this chain, as many as are said, each signed by who sends it";
    case Cause::kFull:
      return "too much waits already: submit the same bytes again later";
    case Cause::kNoLeader:
      return "nobody orders at present: submit the same bytes again later";
    case Cause::kWitness:
      return "this replica keeps no payloads: submit to another one";
    case Cause::kDraining:
      return "this replica is about to end: submit to another one";
    case Cause::kStopped:
      return "this replica has stopped: submit the same bytes to another one";
    case Cause::kDuplicate:
      return "pending by way of another replica, or ordered longer ago than is remembered here: "
             "look it up in the state";
    case Cause::kOvertaken:
      return "a state fetched from other replicas stands for the blocks that may hold it: look it "
             "up in the state, or submit the same bytes again";
    case Cause::kExpired:
      return "nothing was heard of it for long: submit the same bytes again";
  }
  return "";
}

json to_json(const FinalBlocks::Whole& whole, bool with_payloads) {
  const Block& block = *whole.stored.block;
  json payloads = json::array();
  for (const PayloadRef& payload : block.payloads) {
    json one = {{"id", to_hex(payload->digest.bytes)},
                {"size", payload->size.count()},
                {"transactions", payload->transactions}};
    if (with_payloads) one["payload_base64"] = to_base64(payload->bytes);
    payloads.push_back(std::move(one));
  }
  // Its hash is the block's digest: what a certificate can be checked against.
  std::vector<uint8_t> header;
  Writer out(header);
  encode_block_by_digest(block, out);
  return {{"height", block.height.value()},
          {"view", block.view.value()},
          {"epoch", block.epoch.value()},
          {"proposer", block.proposer.value()},
          {"wall_time", block.wall_time},
          {"digest", to_hex(block.digest.bytes)},
          {"control", to_hex(block.control)},
          {"payloads", std::move(payloads)},
          {"receipts", receipts_json(whole.receipts)},
          {"certificate", certificate_json(whole.stored.certificate)},
          {"encoded", to_hex(header)}};
}

json to_json(const Checkpoint& checkpoint) {
  return {{"height", checkpoint.height.value()},
          {"state_root", to_hex(checkpoint.state_root.bytes)},
          {"epoch", checkpoint.epoch.value()},
          {"certificate", certificate_json(checkpoint.certificate)}};
}

json to_json(const Membership& membership) {
  json members = json::array();
  for (const Member& member : membership.members) {
    members.push_back({{"id", member.id.value()},
                       {"weight", member.weight},
                       {"role", member.is_witness() ? "witness" : "full"},
                       {"key", to_hex(member.key.bytes)}});
  }
  return {{"epoch", membership.epoch.value()},
          {"version", number_of(membership.version)},
          {"members", std::move(members)}};
}

json to_json(const ClientDesk::View& view, const Replica::Look& look) {
  const EngineStatus& status = look.status;
  json engine = {{"view", status.view.value()},
                 {"epoch", status.epoch.value()},
                 {"leader", status.leader_known ? json(status.leader.value()) : json()},
                 {"is_leader", status.is_leader},
                 {"in_view_change", status.in_view_change},
                 {"proposed", status.proposed.value()},
                 {"committed", status.committed.value()},
                 {"executed", status.executed.value()},
                 {"stable_checkpoint", status.stable_checkpoint.value()},
                 {"mempool_bytes", status.mempool.count()},
                 {"credit_bytes", look.credit.count()},
                 {"memory_bytes", look.memory.count()},
                 {"version", number_of(status.version)},
                 {"counters", counters_json(look.counters)}};
  json stopped;
  if (view.stopped) {
    stopped = {{"reason", name_of(*view.stopped)}, {"explanation", view.explanation}};
  }
  return {{"engine", std::move(engine)},
          {"age_seconds", view.look_age.to_seconds()},
          {"stopped", std::move(stopped)},
          {"disk_full", view.disk_full},
          {"draining", view.draining},
          {"pending", view.pending},
          {"pending_bytes", view.pending_bytes.count()}};
}

std::optional<json> parse_json(const std::string& text) {
  bool too_deep = false;
  const auto watch = [&](int depth, json::parse_event_t /*event*/, json& /*parsed*/) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  json parsed = json::parse(text, watch, false);
  if (too_deep || parsed.is_discarded()) return std::nullopt;
  return parsed;
}

std::string to_text(const json& body) {
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace govchain::consensus::node
