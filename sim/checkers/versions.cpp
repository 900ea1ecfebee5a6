#include "sim/checkers/versions.h"

#include <algorithm>
#include <string>

namespace govchain::sim {

using consensus::Height;
using consensus::number_of;
using consensus::ProtocolVersion;

namespace {

std::string text(ProtocolVersion version) {
  return "version " + std::to_string(number_of(version));
}

}  // namespace

void VersionRule::begin() {
  chains_ = std::vector<Chain>(context_.chains());
  software_.assign(context_.rows(), consensus::kNewestProtocolVersion);
  ever_.assign(context_.rows(), consensus::kOldestProtocolVersion);
}

void VersionRule::software(ReplicaAddress who, ProtocolVersion newest) {
  software_[context_.row(who)] = newest;
  ever_[context_.row(who)] = std::max(ever_[context_.row(who)], newest);
}

VersionRule::Version VersionRule::version_of(ChainIndex chain, consensus::Epoch epoch) const {
  const consensus::Membership* const members = context_.membership(chain, epoch);
  if (members == nullptr) return std::nullopt;
  return members->version;
}

void VersionRule::require_known(ReplicaAddress who, TimePoint now, ProtocolVersion version,
                                std::string_view deed) {
  const ProtocolVersion known = software_[context_.row(who)];
  if (version <= known) return;
  context_.report("version", who, now,
                  std::string(deed) + " by the rules of " + text(version) +
                      ", but its software knows " + text(known) + " at most");
}

void VersionRule::sent(ReplicaAddress who, TimePoint now, const consensus::Message& message) {
  require_known(who, now, message.version, "speaks");
  // What Raft tells witnesses is by digest in every version.
  const bool names = message.by_digest && message.protocol != consensus::Protocol::kRaft;
  if (names && message.version < consensus::kProposalsByDigestSince) {
    context_.report("version", who, now,
                    "names payloads in a proposal by the rules of " + text(message.version));
  }
  if (message.signature == consensus::Signature{}) return;
  const Version in_force = version_of(who.chain, message.epoch);
  if (!in_force || *in_force == message.version) return;
  context_.report("version", who, now,
                  "signed by the rules of " + text(message.version) + " in epoch " +
                      std::to_string(message.epoch.value()) + ", which has " + text(*in_force));
}

void VersionRule::commit(ReplicaAddress who, TimePoint now, const consensus::Block& block,
                         const consensus::Certificate* certificate) {
  const Version in_force = version_of(who.chain, block.epoch);
  if (!in_force) return;
  require_known(who, now, *in_force, "commits");
  if (certificate != nullptr && certificate->statement.version != *in_force) {
    context_.report("version", who, now,
                    "block at height " + std::to_string(block.height.value()) +
                        " was agreed upon by the rules of " + text(certificate->statement.version) +
                        " in an epoch of " + text(*in_force));
  }
  Version* const slot = chains_[who.chain].blocks.slot(block.height);
  if (slot == nullptr || *slot) return;
  *slot = in_force;
  compare_neighbours(who, now, block.height, *in_force);
}

// Whoever agreed to it had software for it then, though it may have been taken back since.
void VersionRule::membership(ReplicaAddress who, TimePoint now, const consensus::Membership& next) {
  const ProtocolVersion version = next.version;
  if (next.epoch == consensus::Epoch(0)) return;
  const consensus::Membership* const members =
      context_.membership(who.chain, consensus::Epoch(next.epoch.value() - 1));
  if (members == nullptr || members->version == version) return;
  uint64_t ready = 0;
  for (const consensus::Member& member : members->members) {
    const ReplicaAddress each{who.chain, member.id.value()};
    if (!context_.honest(each) || ever_[context_.row(each)] >= version) ready += member.weight;
  }
  const uint64_t quorum = context_.commit_quorum(who.chain, *members);
  if (ready >= quorum) return;
  context_.report("version", who, now,
                  "the chain goes to " + text(version) + ", which members of weight " +
                      std::to_string(ready) + " of " + std::to_string(quorum) + " can follow");
}

// All replicas commit the same block at a height (rule "agreement"), so the height at which the
// chain's rules change is one for all. It may only be where the protocol says.
void VersionRule::compare_neighbours(ReplicaAddress who, TimePoint now, Height height,
                                     ProtocolVersion version) {
  const HeightWindow<Version>& blocks = chains_[who.chain].blocks;
  const uint64_t interval = context_.chain(who.chain).engine.checkpoint_interval;
  const bool byzantine = context_.traits(who.chain).faults == consensus::FaultModel::kByzantine;
  const auto judge = [&](Height first, ProtocolVersion before, ProtocolVersion after) {
    if (before == after) return;
    const bool follows = consensus::may_follow(before, after);
    const bool after_checkpoint = !byzantine || (first.value() - 1) % interval == 0;
    if (follows && after_checkpoint) return;
    context_.report("version", who, now,
                    "the chain goes from " + text(before) + " to " + text(after) + " at height " +
                        std::to_string(first.value()) +
                        (follows ? ", which no checkpoint precedes" : ""));
  };
  const Version* const below =
      height > Height(1) ? blocks.find(Height(height.value() - 1)) : nullptr;
  const Version* const above = blocks.find(height.next());
  if (below != nullptr && *below) judge(height, **below, version);
  if (above != nullptr && *above) judge(height.next(), version, **above);
}

void VersionRule::executed(ReplicaAddress who, TimePoint now, const consensus::Block& block) {
  const Version in_force = version_of(who.chain, block.epoch);
  if (in_force) require_known(who, now, *in_force, "executes");
}

}  // namespace govchain::sim
