#pragma once
// The message log of one height: votes by round and type, what they weigh, and which of the
// thresholds that Algorithm 1 waits for they have reached (lines 28, 34, 36, 44, 47, 49, 55). Pure:
// no clock, no signatures; votes given to it are taken as verified.

#include <cstdint>
#include <vector>

#include "consensus/message.h"
#include "consensus/tendermint/round.h"

namespace govchain::consensus::tendermint {

struct Vote {
  VoteType type = VoteType::kPrevote;
  Round round = 0;
  uint32_t sender = 0;  // position in the membership
  ValueId value;        // zero: nil
  MessageRef message;   // for certificates and to be shown to others; may be null
};

// What a vote has brought about, each of a round once.
enum class ThresholdKind : uint8_t {
  kNone,
  kPolkaAny,        // line 34: 2f+1 prevotes
  kPolkaNil,        // line 44: 2f+1 prevotes for nil
  kPolkaValue,      // lines 28 and 36: 2f+1 prevotes for one value
  kPrecommitAny,    // line 47: 2f+1 precommits
  kPrecommitValue,  // line 49: 2f+1 precommits for one value
  kSkip,            // line 55: f+1 messages of a later round
};
struct Threshold {
  ThresholdKind kind = ThresholdKind::kNone;
  Round round = 0;
  ValueId value;
  friend bool operator==(const Threshold&, const Threshold&) = default;
};

// Votes of one type in one round. A sender's first vote counts; one that contradicts it can be
// counted beside it (VoteKeeper::add_conflicting).
class VoteCount {
 public:
  static constexpr size_t kSecondsOfOne = 4;  // that are kept of one sender
  struct Tally {
    ValueId value;
    uint64_t weight = 0;
  };
  void resize(size_t members);
  void clear();
  // False if the sender has voted.
  bool add(const Vote& vote, uint64_t weight);
  // False if it has not voted, has voted the same, or has contradicted itself too often.
  bool add_second(const Vote& vote, uint64_t weight);
  void remove(uint32_t sender, uint64_t weight);
  [[nodiscard]] bool has(uint32_t sender) const { return cast_[sender].cast; }
  [[nodiscard]] const ValueId& value(uint32_t sender) const { return cast_[sender].value; }
  [[nodiscard]] const MessageRef& message(uint32_t sender) const { return cast_[sender].message; }
  // The sender's vote for this value, or null.
  [[nodiscard]] const MessageRef* find(uint32_t sender, const ValueId& value) const;
  // Votes that contradict their senders' first ones.
  struct Second {
    uint32_t sender = 0;
    ValueId value;
    MessageRef message;
  };
  [[nodiscard]] const std::vector<Second>& seconds() const { return seconds_; }
  [[nodiscard]] uint64_t weight(const ValueId& value) const;
  [[nodiscard]] uint64_t total() const { return total_; }
  [[nodiscard]] const std::vector<Tally>& tallies() const { return tallies_; }

 private:
  struct Cast {
    ValueId value;
    MessageRef message;
    bool cast = false;
  };
  void tally(const ValueId& value, uint64_t weight);
  std::vector<Cast> cast_;  // by sender
  std::vector<Second> seconds_;
  std::vector<Tally> tallies_;
  uint64_t total_ = 0;
};

struct RoundVotes {
  Round round = 0;
  VoteCount prevotes;
  VoteCount precommits;
  uint64_t senders_weight = 0;  // of those who voted in this round at all
  uint32_t emitted = 0;         // thresholds told, one bit for each kind
  [[nodiscard]] const VoteCount& of(VoteType type) const {
    return type == VoteType::kPrevote ? prevotes : precommits;
  }
  [[nodiscard]] VoteCount& of(VoteType type) {
    return type == VoteType::kPrevote ? prevotes : precommits;
  }
};

class VoteKeeper {
 public:
  // Rounds behind the present one whose votes are kept: the decision of an old round is then still
  // seen here; beyond that, others show the decided block.
  static constexpr Round kPastRounds = 32;
  // Rounds beyond the present one in which one sender's votes are kept, its latest: whoever is so
  // far behind needs only to learn where f+1 are.
  static constexpr uint32_t kFutureRounds = 2;

  // `quorum` and `weak`: 2f+1 and f+1 of the paper, in weight.
  void reset(const std::vector<uint64_t>& weights, uint64_t quorum, uint64_t weak);
  // The height is over.
  void clear();

  // False if it is counted already (or its sender voted for something else), or cannot be held.
  bool add(const Vote& vote, Round present, Threshold& reached);
  // A vote that contradicts its sender's first one counts for its own value as well. The
  // paper counts messages: whoever was told nil by an equivocating process must still see the
  // polka, or the decision, in which the others count that process. No two quorums come of it that
  // share no correct process.
  bool add_conflicting(const Vote& vote, Round present, Threshold& reached);
  // Votes of rounds long past go; `needed` stays (the polka of a valid round).
  void forget_before(Round present, Round needed);

  [[nodiscard]] const RoundVotes* find(Round round) const;
  [[nodiscard]] bool has_polka(Round round, const ValueId& value) const;
  [[nodiscard]] bool has_polka_any(Round round) const;
  [[nodiscard]] bool has_precommits(Round round, const ValueId& value) const;
  [[nodiscard]] bool has_precommits_any(Round round) const;
  // The highest round after `present` of which f+1 have been heard; kNoRound if none.
  [[nodiscard]] Round skip_target(Round present) const;
  // The value with 2f+1 votes in this round; null if there is none. It may be nil.
  [[nodiscard]] const ValueId* decided_value(Round round, VoteType type) const;
  // Ascending by round.
  [[nodiscard]] const std::vector<RoundVotes>& rounds() const { return rounds_; }
  [[nodiscard]] size_t members() const { return weights_.size(); }
  [[nodiscard]] uint64_t quorum() const { return quorum_; }

 private:
  [[nodiscard]] RoundVotes& round_votes(Round round);
  void make_room(uint32_t sender, Round round, Round present);
  void remove_round(size_t index);
  void tell_once(const Vote& vote, RoundVotes& votes, Round present, Threshold& reached) const;
  [[nodiscard]] Threshold threshold_of(const Vote& vote, const RoundVotes& votes,
                                       Round present) const;

  std::vector<uint64_t> weights_;
  uint64_t quorum_ = 0;
  uint64_t weak_ = 0;
  std::vector<RoundVotes> rounds_;
  std::vector<RoundVotes> spare_;  // cleared, to be used again
};

}  // namespace govchain::consensus::tendermint
