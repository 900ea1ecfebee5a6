#include "consensus/raft/configuration_history.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"

namespace govchain::consensus::raft {
namespace {

constexpr uint8_t kControlVersion = 1;

bool names_members(const confchange::Configuration& configuration, const Membership& known) {
  const auto all_known = [&known](const std::vector<NodeId>& nodes) {
    return std::all_of(nodes.begin(), nodes.end(),
                       [&known](NodeId node) { return known.find(replica_id(node)) != nullptr; });
  };
  return all_known(configuration.incoming) && all_known(configuration.outgoing) &&
         all_known(configuration.learners) && all_known(configuration.learners_next);
}

// Voters of one half with what they weigh; nothing if one of them does not vote in `membership`.
std::optional<MajorityQuorum> half(const std::vector<NodeId>& nodes, const Membership& membership) {
  std::vector<MajorityQuorum::Weighted> voters;
  for (const NodeId node : nodes) {
    const Member* member = membership.find(replica_id(node));
    if (member == nullptr || member->weight == 0) return std::nullopt;
    voters.push_back({node, member->weight, member->is_witness()});
  }
  return MajorityQuorum(std::move(voters));
}

// False if the entry's voters are not those of its memberships, or are witnesses for the larger
// part.
bool set_quorum(ConfigurationEntry& entry) {
  std::optional<MajorityQuorum> incoming = half(entry.configuration.incoming, entry.target);
  std::optional<MajorityQuorum> outgoing = half(entry.configuration.outgoing, entry.members);
  if (!incoming || !outgoing || !incoming->can_decide()) return false;
  entry.quorum = JointQuorum(*std::move(incoming), *std::move(outgoing));
  return true;
}

// Members of both; who is in `present` keeps key and weight, who is only in `target` gets weight 0.
Membership merge(const Membership& present, const Membership& target) {
  Membership merged = present;
  for (const Member& member : target.members) {
    if (present.find(member.id) != nullptr) continue;
    merged.members.push_back(member);
    merged.members.back().weight = 0;
  }
  std::sort(merged.members.begin(), merged.members.end(),
            [](const Member& a, const Member& b) { return a.id < b.id; });
  return merged;
}

}  // namespace

void encode_control(const ConfigurationControl& control, std::vector<uint8_t>& out_bytes) {
  Writer out(out_bytes);
  out.u8(kControlVersion);
  confchange::encode_configuration(control.configuration, out);
  encode_membership(control.target, out);
}

std::optional<ConfigurationControl> decode_control(std::span<const uint8_t> bytes) {
  Reader in(bytes);
  if (in.u8() != kControlVersion) return std::nullopt;
  ConfigurationControl control;
  control.configuration = confchange::decode_configuration(in);
  control.target = decode_membership(in);
  if (!in.finished()) return std::nullopt;
  return control;
}

void encode_entry(const ConfigurationEntry& entry, Writer& out) {
  out.ordinal(entry.height);
  confchange::encode_configuration(entry.configuration, out);
  encode_membership(entry.target, out);
  encode_membership(entry.members, out);
  encode_membership(entry.before, out);
  encode_membership(entry.reachable, out);
}

ConfigurationEntry decode_entry(Reader& in) {
  ConfigurationEntry entry;
  entry.height = in.ordinal<Height>();
  entry.configuration = confchange::decode_configuration(in);
  entry.target = decode_membership(in);
  entry.members = decode_membership(in);
  entry.before = decode_membership(in);
  entry.reachable = decode_membership(in);
  if (!names_members(entry.configuration, entry.reachable) || !set_quorum(entry)) in.fail();
  return entry;
}

ConfigurationHistory::ConfigurationHistory(const Membership& genesis) {
  ConfigurationEntry entry;
  for (const Member& member : genesis.members) {
    confchange::insert(
        member.weight == 0 ? entry.configuration.learners : entry.configuration.incoming,
        node_id(member.id));
  }
  entry.target = genesis;
  entry.members = genesis;
  entry.before = genesis;
  entry.reachable = genesis;
  const bool usable = set_quorum(entry);
  GOVCHAIN_ASSERT(usable);
  entries_.push_back(std::move(entry));
}

const ConfigurationEntry& ConfigurationHistory::at(Height height) const {
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->height <= height) return *entry;
  }
  return entries_.front();
}

const Membership& ConfigurationHistory::members_for(Height height) const {
  // The block that completes a change belongs to the epoch that it ends.
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->height < height) return entry->members;
  }
  return entries_.front().before;
}

std::optional<ProtocolVersion> ConfigurationHistory::version_after(
    Height height, std::span<const uint8_t> control) const {
  if (height == Height()) return std::nullopt;
  const std::optional<ConfigurationEntry> entry =
      follow(at(Height(height.value() - 1)), height, control);
  if (!entry) return std::nullopt;
  return entry->members.version;
}

std::optional<Height> ConfigurationHistory::end_of(ProtocolVersion version) const {
  for (const ConfigurationEntry& entry : entries_) {
    if (entry.members.version > version) return entry.height;
  }
  return std::nullopt;
}

bool ConfigurationHistory::append(Height height, std::span<const uint8_t> control) {
  GOVCHAIN_ASSERT(latest().height < height);
  std::optional<ConfigurationEntry> entry = follow(latest(), height, control);
  if (!entry) return false;
  entries_.push_back(*std::move(entry));
  return true;
}

std::optional<ConfigurationEntry> ConfigurationHistory::follow(const ConfigurationEntry& previous,
                                                               Height height,
                                                               std::span<const uint8_t> bytes) {
  std::optional<ConfigurationControl> control = decode_control(bytes);
  if (!control) return std::nullopt;
  if (!may_follow(previous.members.version, control->target.version)) return std::nullopt;
  ConfigurationEntry entry;
  entry.height = height;
  entry.configuration = std::move(control->configuration);
  entry.target = std::move(control->target);
  entry.target.epoch = previous.members.epoch.next();
  // Until the change is complete the epoch's members stay, and newcomers are let in beside them. At
  // its completion the leaving ones are still reached until the block is committed.
  const bool completes = !entry.configuration.joint();
  entry.reachable = merge(previous.members, entry.target);
  entry.members = completes ? entry.target : previous.members;
  entry.before = previous.members;
  if (!names_members(entry.configuration, completes ? entry.target : entry.reachable) ||
      !set_quorum(entry)) {
    return std::nullopt;
  }
  return entry;
}

bool ConfigurationHistory::truncate(Height from) {
  const size_t before = entries_.size();
  while (entries_.size() > 1 && entries_.back().height >= from) entries_.pop_back();
  return entries_.size() != before;
}

void ConfigurationHistory::compact(Height height) {
  // at(height) needs what was in force just before it; members_for(height) is in the entry itself.
  while (entries_.size() > 1 && entries_[1].height.next() < height) {
    entries_.erase(entries_.begin());
  }
}

void ConfigurationHistory::reset(ConfigurationEntry entry) {
  entries_.clear();
  entries_.push_back(std::move(entry));
}

Bytes ConfigurationHistory::memory() const {
  uint64_t members = 0;
  for (const ConfigurationEntry& entry : entries_) {
    members +=
        entry.target.size() + entry.members.size() + entry.before.size() + entry.reachable.size();
  }
  return Bytes(entries_.size() * sizeof(ConfigurationEntry) + members * sizeof(Member));
}

void ConfigurationHistory::encode_state(Writer& out) const {
  out.u32(static_cast<uint32_t>(entries_.size()));
  for (const ConfigurationEntry& entry : entries_) encode_entry(entry, out);
}

}  // namespace govchain::consensus::raft
