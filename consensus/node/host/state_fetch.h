#pragma once
// Fetching a state from peers, part by part. Decides whom to ask for what and puts the parts
// together; it has neither clock nor connection, which the loop lends it.
//
// One peer at a time has a few requests under way. A peer that does not have the state, or from
// which nothing comes for a while, is given up for the next, and its parts are kept. Nobody can
// check a part alone, only the whole against the checkpoint's root: if the whole is wrong
// everything is fetched anew, and from then on never mixed from several peers, so that one that
// lies can spoil only its own turn.

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/checkpoint.h"
#include "consensus/result.h"
#include "consensus/time.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

// What replicas say to each other about states, on the lane below all others.
struct StateRequest {
  Height height;
  uint64_t offset = 0;
};
struct StatePart {
  Height height;
  uint64_t offset = 0;
  uint64_t total = 0;  // bytes of the state; 0: it is not here
  std::vector<uint8_t> bytes;
};
[[nodiscard]] std::vector<uint8_t> encode(const StateRequest& request);
[[nodiscard]] std::vector<uint8_t> encode(const StatePart& part);
// What was said, if it decodes.
struct StateWord {
  std::optional<StateRequest> request;
  std::optional<StatePart> part;
};
[[nodiscard]] Result<StateWord> decode_state_word(std::span<const uint8_t> bytes);

struct StateFetchSettings {
  uint64_t part_bytes = 256U << 10U;
  uint32_t parts_under_way = 4;
  // A state that is longer is refused.
  uint64_t largest = 1ULL << 32U;
  // Nothing came for so long: the next peer. Doubled with each, up to `longest_patience`.
  Duration patience = Duration::seconds(2);
  Duration longest_patience = Duration::seconds(60);
  uint32_t rounds = 2;  // each peer is asked so often
};

class StateFetch {
 public:
  struct Ask {
    ReplicaId peer;
    StateRequest request;
  };
  struct Progress {
    std::vector<Ask> asks;  // to be sent now
    bool complete = false;  // take() has the whole
    bool failed = false;    // nobody could give it
  };

  explicit StateFetch(const StateFetchSettings& settings) : settings_(settings) {}

  // Drops what was under way. The first of `peers` is asked first.
  [[nodiscard]] Progress begin(const Checkpoint& checkpoint, std::vector<ReplicaId> peers,
                               TimePoint now);
  [[nodiscard]] Progress on_part(ReplicaId from, StatePart part, TimePoint now);
  [[nodiscard]] Progress on_time(TimePoint now);
  // The connection to this peer is gone: no answer is waited for.
  [[nodiscard]] Progress on_down(ReplicaId peer, TimePoint now);
  // The whole was not what the checkpoint says.
  [[nodiscard]] Progress on_mismatch(TimePoint now);
  void stop() { active_ = false; }

  [[nodiscard]] bool is_active() const { return active_; }
  [[nodiscard]] const Checkpoint& checkpoint() const { return checkpoint_; }
  // When on_time() wants to be called.
  [[nodiscard]] std::optional<TimePoint> deadline() const;
  [[nodiscard]] std::vector<uint8_t> take() { return std::exchange(bytes_, {}); }

 private:
  [[nodiscard]] Progress next_peer(TimePoint now);
  void ask_more(Progress& progress);

  StateFetchSettings settings_;
  Checkpoint checkpoint_;
  std::vector<ReplicaId> peers_;
  bool active_ = false;
  bool waiting_ = false;  // the whole is being compared with the root
  bool never_mix_ = false;
  uint32_t attempt_ = 0;  // peers asked so far
  TimePoint gives_up_at_;
  std::vector<uint8_t> bytes_;  // from the beginning, without gaps
  std::optional<uint64_t> total_;
  uint64_t asked_ = 0;  // up to this offset
};

}  // namespace govchain::consensus::node
