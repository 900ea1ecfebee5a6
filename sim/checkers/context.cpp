#include "sim/checkers/context.h"

#include <algorithm>
#include <utility>

#include "consensus/protocols.h"
#include "sim/checkers/checkers.h"

namespace govchain::sim {

using consensus::Membership;

void CheckContext::begin(const WorldSpec& spec, std::span<const Membership> genesis) {
  GOVCHAIN_ASSERT(genesis.size() == spec.chains.size());
  chains_.clear();
  rows_ = 0;
  for (size_t i = 0; i < spec.chains.size(); ++i) {
    Chain chain;
    chain.spec = &spec.chains[i];
    chain.traits = &consensus::traits_of(spec.chains[i].protocol);
    chain.first_row = rows_;
    // The world numbers chains from 1, so that a zeroed statement names none.
    chain.id = consensus::ChainId(i + 1);
    chain.honest.assign(spec.chains[i].replicas.size(), true);
    chain.epochs.push_back({genesis[i], false, 0, {}});
    chain.verifier = consensus::make_verifier(spec.crypto == CryptoMode::kModelled
                                                  ? consensus::SignatureScheme::kModelled
                                                  : spec.chains[i].scheme);
    rows_ += spec.chains[i].replicas.size();
    chains_.push_back(std::move(chain));
  }
  for (const AdversarySpec& adversary : spec.adversaries) {
    chains_[adversary.chain].honest[adversary.replica] = false;
  }
}

bool CheckContext::honest(ReplicaAddress who) const {
  return chains_[who.chain].honest[who.replica];
}

const ChainSpec& CheckContext::chain(ChainIndex index) const { return *chains_[index].spec; }

size_t CheckContext::row(ReplicaAddress who) const {
  return chains_[who.chain].first_row + who.replica;
}

consensus::ChainId CheckContext::chain_id(ChainIndex index) const { return chains_[index].id; }

const Membership* CheckContext::membership(ChainIndex chain, consensus::Epoch epoch) const {
  const std::vector<KnownEpoch>& epochs = chains_[chain].epochs;
  for (auto it = epochs.rbegin(); it != epochs.rend(); ++it) {
    if (it->membership.epoch == epoch) return &it->membership;
  }
  return nullptr;
}

CheckContext::Learnt CheckContext::learn(ReplicaAddress who, const Membership& membership,
                                         consensus::Ticket issued) {
  std::vector<KnownEpoch>& epochs = chains_[who.chain].epochs;
  const auto place = std::find_if(epochs.begin(), epochs.end(), [&](const KnownEpoch& other) {
    return other.membership.epoch >= membership.epoch;
  });
  if (place != epochs.end() && place->membership.epoch == membership.epoch) {
    if (place->membership != membership) return Learnt::kDiffers;
    if (place->said_by != who.replica) place->in_doubt = false;
    return Learnt::kKnown;
  }
  epochs.insert(place, {membership, true, who.replica, issued});
  if (epochs.size() > kEpochs) epochs.erase(epochs.begin());
  return Learnt::kNew;
}

void CheckContext::forget_undone(ReplicaAddress who, consensus::Ticket durable) {
  std::vector<KnownEpoch>& epochs = chains_[who.chain].epochs;
  std::erase_if(epochs, [&](const KnownEpoch& known) {
    return known.in_doubt && known.said_by == who.replica && known.issued > durable;
  });
  for (KnownEpoch& known : epochs) {
    if (known.said_by == who.replica) known.in_doubt = false;
  }
}

uint64_t CheckContext::commit_quorum(ChainIndex chain, const Membership& members) const {
  uint64_t total = 0;
  for (const consensus::Member& member : members.members) total += member.weight;
  return consensus::quorum_of(traits(chain).faults, total);
}

// Both families need a quorum of their own kind, of those who have a state: f+1 of 2f+1 is Raft's
// majority.
uint64_t CheckContext::checkpoint_quorum(ChainIndex chain, const Membership& members) const {
  uint64_t total = 0;
  for (const consensus::Member& member : members.members) total += member.signing_weight();
  return consensus::quorum_of(traits(chain).faults, total);
}

consensus::Verifier& CheckContext::verifier(ChainIndex chain) { return *chains_[chain].verifier; }

void CheckContext::report(std::string_view rule, ReplicaAddress who, TimePoint now,
                          std::string detail) {
  add({std::string(rule),
       chains_[who.chain].spec->name + " replica " + std::to_string(who.replica) + ": " + detail,
       now});
}

void CheckContext::report(std::string_view rule, ChainIndex chain, TimePoint now,
                          std::string detail) {
  add({std::string(rule), chains_[chain].spec->name + ": " + detail, now});
}

void CheckContext::add(Violation violation) {
  if (violations_.size() < CheckerSuite::kMaxViolations)
    violations_.push_back(std::move(violation));
}

std::string short_hex(const consensus::Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < 4; ++i) {
    text += kDigits[digest.bytes[i] >> 4U];
    text += kDigits[digest.bytes[i] & 15U];
  }
  return text;
}

}  // namespace govchain::sim
