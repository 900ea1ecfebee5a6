#pragma once
// A deterministic world of Raft replicas for tests: random delays, loss, duplication and
// reordering, disks that lose what was not synced, crashes, partitions, and the properties of the
// paper's figure 3 checked at every step.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/engine.h"
#include "consensus/memory_block_store.h"
#include "consensus/memory_log.h"
#include "consensus/raft/engine.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus::raft::testing {

using consensus::testing::RandomSource;

struct ClusterOptions {
  uint64_t seed = 1;
  uint32_t replicas = 3;  // machines; those beyond `members` wait to be added
  uint32_t members = 3;
  uint32_t learners = 0;          // the last of the members
  std::vector<uint64_t> weights;  // by replica; those that are missing weigh as `learners` says
  std::set<uint32_t> witnesses;
  Duration delay_low = Duration::milliseconds(1);
  Duration delay_high = Duration::milliseconds(1);
  Duration sync_time;           // of a disk
  uint64_t loss_per_mille = 0;  // of messages
  uint64_t duplicate_per_mille = 0;
  bool through_codec = false;  // messages and log records as bytes
  EngineConfig engine;
  RaftConfig raft;
};
// Small limits, so that everything that can happen happens soon.
[[nodiscard]] ClusterOptions small_options(uint64_t seed, uint32_t replicas);

struct Traffic {
  std::map<std::string, uint64_t> messages;  // by name, one per receiver
  uint64_t bytes = 0;
};

class Cluster {
 public:
  explicit Cluster(const ClusterOptions& options);

  // Runs the world up to `until`, or until nothing happens any more.
  void run_for(Duration elapsed);
  // True as soon as `done` is; gives up after `limit`.
  bool run_until(const std::function<bool()>& done, Duration limit);
  [[nodiscard]] TimePoint now() const { return now_; }

  void crash(uint32_t node);
  void restart(uint32_t node);
  // What it runs from now on: whoever runs something else crashes, and is up again by restart().
  void set_software(uint32_t node, ProtocolVersion newest);
  [[nodiscard]] bool up(uint32_t node) const { return nodes_[node].engine != nullptr; }
  [[nodiscard]] bool stopped(uint32_t node) const { return nodes_[node].stopped; }
  // Crashes `node` at its next `count`-th write.
  void crash_at_persist(uint32_t node, uint64_t count) { nodes_[node].persists_left = count; }
  void set_disk_full(uint32_t node, bool full);
  void fail_disk(uint32_t node);
  // Messages pass only within a group; everybody not named forms one more.
  void partition(const std::set<uint32_t>& group) { partition_ = group; }
  void heal() { partition_.clear(); }
  void set_link(uint32_t from, uint32_t to, bool open);
  void calm();  // no more loss and duplication, short delays

  // Hands a new payload to a replica and returns its number.
  uint64_t propose(uint32_t node, size_t size = 40);
  void propose_again(uint32_t node, uint64_t number);
  void read(uint32_t node);
  void reconfigure(uint32_t node, const std::vector<uint32_t>& voters,
                   const std::vector<uint32_t>& learners = {},
                   std::optional<uint32_t> leader = std::nullopt);
  void give(uint32_t node, Input input);

  [[nodiscard]] std::optional<uint32_t> leader() const;  // of the highest term, if up
  [[nodiscard]] EngineStatus status(uint32_t node) const { return nodes_[node].engine->status(); }
  [[nodiscard]] const EngineCounters& counters(uint32_t node) const {
    return nodes_[node].engine->counters();
  }
  [[nodiscard]] const Engine& engine(uint32_t node) const { return *nodes_[node].engine; }
  [[nodiscard]] const Membership& membership(uint32_t node) const {
    return nodes_[node].membership;
  }
  [[nodiscard]] Height committed_everywhere(const std::vector<uint32_t>& nodes) const;
  [[nodiscard]] Height highest_committed() const { return Height(chain_.size()); }
  [[nodiscard]] bool ordered(uint64_t number) const { return ordered_.count(number) != 0; }
  // When a replica released the commit of the block with this payload.
  [[nodiscard]] std::optional<TimePoint> commit_time(uint32_t node, uint64_t number) const;
  [[nodiscard]] uint64_t reads_answered() const { return reads_answered_; }
  [[nodiscard]] uint64_t reads_refused() const { return reads_refused_; }
  [[nodiscard]] uint64_t refusals() const { return refusals_; }
  [[nodiscard]] const EngineCounters& lost_counters() const { return lost_counters_; }
  // The sum over all replicas, crashed ones included.
  [[nodiscard]] uint64_t total(uint64_t EngineCounters::*counter) const;
  [[nodiscard]] Traffic& traffic() { return traffic_; }
  [[nodiscard]] uint64_t syncs(uint32_t node) const { return nodes_[node].syncs; }
  [[nodiscard]] uint64_t signatures() const { return signatures_; }
  [[nodiscard]] uint64_t verifications() const { return verifications_; }
  // Seen by tests before delivery; false drops the message.
  std::function<bool(uint32_t from, uint32_t to, const Message& message)> filter;
  // What went wrong; empty if nothing did.
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct Gated {
    Ticket after;
    std::function<void()> act;
  };
  struct Node {
    std::unique_ptr<Engine> engine;
    MemoryLog log;
    MemoryBlockStore store;
    std::map<uint64_t, Digest> snapshots;  // height -> root
    std::unique_ptr<Signer> signer;
    Membership membership;
    std::map<uint64_t, TimePoint> timers;
    std::deque<Gated> gated;
    std::deque<effect::Persist> refused;
    Ticket truncate_before;
    Height executed;
    Digest root;
    Height installed;
    Height fetched;
    bool syncing = false;
    bool disk_full = false;
    bool stopped = false;
    bool outdated = false;  // stopped, because its software is
    ProtocolVersion software = kNewestProtocolVersion;
    bool ran = false;
    uint64_t incarnation = 0;
    uint64_t persists_left = 0;
    uint64_t syncs = 0;
    View led;
    std::map<uint64_t, Height> reads;  // token -> what must be seen
    std::map<uint64_t, TimePoint> commit_times;
  };
  struct Event {
    TimePoint at;
    uint64_t sequence = 0;
    std::function<void()> act;
    friend bool operator>(const Event& a, const Event& b) {
      return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
  };

  void schedule(Duration after, std::function<void()> act);
  void start(uint32_t node, RecoveredState recovered);
  void step(uint32_t node, std::span<const Input> inputs);
  void perform(uint32_t node, Effect& effect);
  void gate(uint32_t node, Ticket after, std::function<void()> act);
  void release(uint32_t node);
  void kick_disk(uint32_t node);
  void persist(uint32_t node, const effect::Persist& persist);
  void transmit(uint32_t from, uint32_t to, const MessageRef& message);
  void answer(uint32_t node, Input input, Duration after = Duration::zero());
  void commit(uint32_t node, const effect::Commit& commit);
  void execute(uint32_t node, const effect::Execute& execute);
  void observe(uint32_t node);
  void fail(const std::string& what);
  [[nodiscard]] bool reachable(uint32_t from, uint32_t to) const;
  [[nodiscard]] Duration delay();

  ClusterOptions options_;
  RandomSource random_;
  Membership genesis_;
  std::unique_ptr<Verifier> verifier_;
  std::deque<Node> nodes_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  uint64_t sequence_ = 0;
  TimePoint now_;
  std::set<uint32_t> partition_;
  std::set<std::pair<uint32_t, uint32_t>> closed_;
  bool calm_ = false;

  std::vector<Digest> chain_;           // committed digests by height - 1
  std::map<uint64_t, Digest> roots_;    // by height
  std::map<Digest, uint64_t> numbers_;  // payload -> number
  std::map<uint64_t, PayloadRef> payloads_;
  std::map<uint64_t, Height> ordered_;
  std::map<uint64_t, uint32_t> leaders_;  // by term
  Height released_;                       // highest commit that a client may have seen
  View highest_term_;
  uint64_t next_payload_ = 1;
  uint64_t next_read_ = 1;
  uint64_t reads_answered_ = 0;
  uint64_t reads_refused_ = 0;
  uint64_t refusals_ = 0;
  uint64_t signatures_ = 0;
  uint64_t verifications_ = 0;
  EngineCounters lost_counters_;
  Traffic traffic_;
  std::vector<std::string> violations_;
};

}  // namespace govchain::consensus::raft::testing
