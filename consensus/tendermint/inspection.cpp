// A look at the engine from outside: status, fingerprint, memory.

#include <algorithm>
#include <array>

#include "consensus/fingerprint.h"
#include "consensus/tendermint/tendermint_engine.h"

namespace govchain::consensus::tendermint {

std::span<const Situation> required_situations() {
  static constexpr std::array kSituations = {
      Situation{"round_change", &EngineCounters::view_changes},
      Situation{"recovery", &EngineCounters::recoveries},
      Situation{"state_transfer", &EngineCounters::state_transfers},
      Situation{"checkpoint", &EngineCounters::checkpoints},
      Situation{"evidence", &EngineCounters::evidence},
      Situation{"block_catch_up", &EngineCounters::block_catch_ups},
      Situation{"membership_change", &EngineCounters::membership_changes},
      Situation{"upgrade", &EngineCounters::upgrades},
      Situation{"outdated_software", &EngineCounters::outdated_software},
  };
  return kSituations;
}

void TendermintEngine::describe(EngineStatus& status) const {
  if (!held_.empty()) status.proposed = height();
}

namespace {

void encode_count(const VoteCount& count, size_t members, Writer& out) {
  for (uint32_t i = 0; i < members; ++i) {
    out.u8(count.has(i) ? 1 : 0);
    if (count.has(i)) out.digest(count.value(i));
  }
  encode_each(count.seconds(), out, [&](const VoteCount::Second& second) {
    out.u32(second.sender);
    out.digest(second.value);
  });
}

}  // namespace

void TendermintEngine::encode_protocol_state(Writer& out) const {
  const RoundState& state = driver_.state();
  out.i64(state.round);
  out.u8(static_cast<uint8_t>(state.step));
  out.i64(state.locked_round);
  out.digest(state.locked_value);
  out.i64(state.valid_round);
  out.digest(state.valid_value);
  out.u8(static_cast<uint8_t>((value_wanted_ ? 1 : 0) | (parked_ ? 2 : 0)));
  encode_each(driver_.proposals(), out, [&](const Proposal& proposal) {
    out.i64(proposal.round);
    out.digest(proposal.value);
    out.i64(proposal.valid_round);
    out.u8(static_cast<uint8_t>(proposal.validity));
  });
  encode_each(driver_.votes().rounds(), out, [&](const RoundVotes& votes) {
    out.i64(votes.round);
    encode_count(votes.prevotes, members(), out);
    encode_count(votes.precommits, members(), out);
  });
  encode_each(held_, out, [&](const HeldProposal& proposal) {
    out.u8(proposal.shown ? 1 : 0);
    encode_held(proposal.message, out);
    encode_block(proposal.block, out);
    out.ordinal(proposal.after);
  });
  for (const BlockRef& block : {valid_block_, new_block_}) encode_block(block, out);
  encode_each(verified_, out, [&](const Digest& digest) { out.digest(digest); });
  encode_each(owed_, out, [&](const Action& action) {
    out.u8(static_cast<uint8_t>(action.kind));
    out.i64(action.round);
    out.digest(action.value);
    out.i64(action.valid_round);
  });
  encode_each(own_votes_, out, [&](const OwnVote& vote) {
    out.u8(static_cast<uint8_t>(vote.type));
    out.i64(vote.round);
    out.digest(vote.value);
    out.ordinal(vote.ticket);
  });
  encode_each(own_proposals_, out, [&](const OwnProposal& proposal) {
    out.i64(proposal.round);
    encode_block(proposal.block, out);
    out.ordinal(proposal.ticket);
  });
  out.ordinal(first_ticket_);
  out.i64(polka_logged_);
  out.i64(polka_asked_);
  encode_each(polka_shown_, out, [&](Round shown) { out.i64(shown); });
}

Bytes TendermintEngine::protocol_memory() const {
  const auto block_size = [](const BlockRef& block) {
    return sizeof(Block) + block->payload_size().count() + block->payloads.size() * 128;
  };
  uint64_t total = sizeof(TendermintEngine) - sizeof(ChainEngine);
  for (const HeldProposal& proposal : held_) {
    total += sizeof(HeldProposal) + sizeof(Message) + block_size(proposal.block);
  }
  for (const LoggedBody& body : bodies_) total += block_size(body.block);
  constexpr uint64_t kVoteBytes = 2 * (sizeof(Message) + 48);
  total += driver_.votes().rounds().size() * members() * kVoteBytes;
  total += (own_votes_.size() + own_proposals_.size()) * sizeof(OwnVote);
  total += polka_shown_.size() * sizeof(Round);
  total += schedule_.turns() * sizeof(uint32_t);
  return Bytes(total);
}

}  // namespace govchain::consensus::tendermint
