#pragma once
// Every transaction that was submitted, until its fate is known. A payload of an exact run is one
// transaction; a cohort is many, each with its own intended time. Each transaction ends in exactly
// one state, and the counts add up.

#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "consensus/application.h"
#include "consensus/payload.h"
#include "sim/network/network.h"
#include "sim/units.h"
#include "sim/world_result.h"
#include "sim/world_spec.h"

namespace govchain::sim {

// What was submitted with one payload.
struct Submission {
  ChainIndex chain = 0;
  EndpointIndex ingress = 0;
  uint32_t transaction_class = 0;
  Duration access_delay;
  std::vector<TimePoint> intended;  // one per transaction, ascending
  // The load that it is of; none of an agent's.
  uint32_t load = kNoLoad;
  static constexpr uint32_t kNoLoad = UINT32_MAX;
  // Of clients who ask again: so a refusal is not the end of it.
  bool retries = false;
  struct Asked {
    EndpointIndex at = 0;
    uint32_t held = 0;  // so often taken, and neither refused nor lost since
  };
  std::vector<Asked> asked = {};  // besides the ingress
  bool ordered = false;           // some replica has it in a block
  bool by_agent = false;
  uint32_t agent = 0;
  uint64_t cookie = 0;
};

class TransactionBook {
 public:
  using Index = uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  TransactionBook(const WorldSpec& spec, std::vector<ChainResult>& chains,
                  std::vector<ServiceResult>& services);

  // The submission counts from now on. `digest` must be new.
  Index submit(const consensus::Digest& digest, Submission submission);
  // It is waiting in the memory of this replica, which was asked, from now on; or it is not.
  void admitted(Index index, EndpointIndex at, TimePoint now);
  void dropped(Index index, EndpointIndex at);
  void refused(Index index);
  // Its client asks this replica, too, or hears that the transaction is in a block.
  void asked(Index index, EndpointIndex at);
  void ordered(Index index) { entries_[index].submission.ordered = true; }
  [[nodiscard]] bool is_asked(Index index, EndpointIndex at) const;
  // Final at its ingress replica, with one receipt code for all of it.
  // `proposed_at` is when a leader first wrote the block, `path` where the time went on the causal
  // path from there to here.
  void final(Index index, TimePoint now, bool applied, TimePoint proposed_at, const PathCost& path);
  // This replica forgot all that it had.
  void lost_with_crash(EndpointIndex at);
  // Transactions older than the client's patience are given up. Forgets what is settled, so that an
  // Index is not valid beyond the next call.
  void expire(TimePoint now);

  [[nodiscard]] Index find(const consensus::Digest& digest) const {
    const auto found = by_digest_.find(digest);
    return found == by_digest_.end() ? kNone : found->second;
  }
  [[nodiscard]] const Submission& submission(Index index) const {
    return entries_[index].submission;
  }
  [[nodiscard]] bool is_pending(Index index) const {
    return entries_[index].state == State::kPending;
  }
  [[nodiscard]] TimePoint admitted_at(Index index) const { return entries_[index].admitted; }

  // Called for each transaction of a load that is over for its client: answered, refused, or given
  // up.
  void when_over(std::function<void(uint32_t load, bool refused)> call) { over_ = std::move(call); }

  // Not final, not refused, not given up; measured or not.
  [[nodiscard]] uint64_t backlog(ChainIndex chain) const { return backlog_[chain]; }
  // Of these, known to a replica that has been up since; and the time the oldest was admitted.
  struct Waiting {
    uint64_t transactions = 0;
    TimePoint oldest;
  };
  [[nodiscard]] Waiting waiting(ChainIndex chain) const;

  // Smallest latency seen, per ingress endpoint; Duration::max() if none.
  [[nodiscard]] Duration smallest_latency(EndpointIndex ingress) const {
    return smallest_latency_[ingress];
  }
  // Moves what is still pending to in_flight. Asserts that every count adds up.
  void close();

 private:
  enum class State : uint8_t { kPending, kFinal, kRefused, kTimedOut };
  struct Entry {
    Submission submission;
    TimePoint admitted = TimePoint::max();  // max: not waiting in a live replica's memory
    uint32_t held = 0;                      // at the ingress, as Submission::Asked::held
    consensus::Digest digest;
    uint32_t measured = 0;  // transactions intended inside the window
    State state = State::kPending;
  };
  void settle(Entry& entry, State state);
  [[nodiscard]] static uint32_t* held_at(Entry& entry, EndpointIndex at);
  static void forget_if_nobody_holds(Entry& entry);
  [[nodiscard]] bool is_measured(TimePoint intended) const { return intended >= window_begin_; }
  [[nodiscard]] ServiceResult& service(const Submission& submission);
  void record_shares(ChainIndex chain, Duration latency, Duration queue, const PathCost& path);

  const WorldSpec& spec_;
  std::function<void(uint32_t load, bool refused)> over_;
  TimePoint window_begin_;
  std::vector<ChainResult>& chains_;
  std::vector<ServiceResult>& services_;
  std::vector<Entry> entries_;
  std::vector<Index> unused_;                               // entries that may be used again
  std::unordered_map<consensus::Digest, Index> by_digest_;  // never iterated
  std::vector<std::deque<Index>> open_;                     // per chain, in order of submission
  std::vector<uint64_t> backlog_;                           // per chain
  std::vector<Duration> smallest_latency_;                  // per endpoint
  bool closed_ = false;
};

}  // namespace govchain::sim
