#pragma once
// Messages of Algorithm 1. Header: view is the round, height the height that is agreed upon, digest
// what the signature covers.
//
//   PROPOSAL   digest of block and valid round together (proposal_digest), so that neither can be
//              replaced; the block travels along
//   PREVOTE    digest of the block, or zero for nil; no body
//   PRECOMMIT  likewise; 2f+1 of them for a block are its commit certificate

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "consensus/crypto/hash.h"
#include "consensus/message.h"
#include "consensus/tendermint/round.h"

namespace govchain::consensus::tendermint {

enum class MessageType : uint8_t { kProposal = 1, kPrevote = 2, kPrecommit = 3 };

[[nodiscard]] constexpr MessageType message_type(VoteType type) {
  return type == VoteType::kPrevote ? MessageType::kPrevote : MessageType::kPrecommit;
}

// The valid round of a PROPOSAL.
void encode_valid_round(Round valid_round, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<Round> decode_valid_round(std::span<const uint8_t> bytes);
[[nodiscard]] Digest proposal_digest(HashAlgorithm algorithm, const Digest& block,
                                     Round valid_round);

// What a replica has of the height under way, in its status messages.
struct Standing {
  Round round = kNoRound;            // kNoRound: not begun
  Round proposal_wanted = kNoRound;  // a round whose proposal it lacks
  Round polka_wanted = kNoRound;     // a round whose polka would justify the proposal it has
  std::vector<uint8_t> prevotes;     // of `round`, a bit for each member that was heard
  std::vector<uint8_t> precommits;
};
inline constexpr uint32_t kMaxStandingBitmap = 4'096 / 8;
void encode_standing(const Standing& standing, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<Standing> decode_standing(std::span<const uint8_t> bytes);
[[nodiscard]] bool contains(const std::vector<uint8_t>& bitmap, uint32_t position);
void add(std::vector<uint8_t>& bitmap, uint32_t position);

}  // namespace govchain::consensus::tendermint
