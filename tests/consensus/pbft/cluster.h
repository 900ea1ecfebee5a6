#pragma once
// A small deterministic world for PBFT engines and others that vote by height and view: delays,
// loss, duplication, crashes that lose what was not synced, restarts; and the rules that must hold
// in it. Signatures are modelled.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/engine.h"
#include "consensus/pbft/engine.h"
#include "consensus/pbft/messages.h"
#include "consensus/protocol_settings.h"
#include "consensus/protocols.h"

namespace govchain::consensus::pbft::testing {

struct ClusterOptions {
  Protocol protocol = Protocol::kPbft;
  uint32_t replicas = 4;
  uint64_t seed = 1;
  Duration least_delay = Duration::milliseconds(1);
  Duration most_delay = Duration::milliseconds(1);
  Duration most_sync = Duration::zero();   // a log append is durable after at most this
  Duration fixed_sync = Duration::zero();  // and after at least this
  uint32_t loss_percent = 0;
  uint32_t duplicate_percent = 0;
  std::vector<uint64_t> weights;  // empty: all 1
  std::set<uint32_t> equivocators;
  EngineConfig engine;
  ProtocolSettings settings;
};

[[nodiscard]] inline bool is_vote(MessageRole role) {
  return role == MessageRole::kProposal || role == MessageRole::kVote ||
         role == MessageRole::kFinalVote;
}

// What the test may count or change on the wire. Returns false to drop.
using WireFilter = std::function<bool(uint32_t from, uint32_t to, const Message& message)>;

class Cluster {
 public:
  explicit Cluster(const ClusterOptions& options);

  void run_for(Duration duration);
  // True if `done` held before `limit` had passed.
  bool run_until(const std::function<bool()>& done, Duration limit);
  void propose(uint32_t replica, uint64_t number, uint32_t size = 16);
  void read(uint32_t replica, uint64_t token);
  void deliver(uint32_t to, uint32_t from, MessageRef message);  // now, past the filters
  void input(uint32_t replica, const Input& input);
  void crash(uint32_t replica);
  void restart(uint32_t replica);
  void set_filter(WireFilter filter) { filter_ = std::move(filter); }
  void set_loss(uint32_t percent) { options_.loss_percent = percent; }
  void set_delay(Duration least, Duration most) {
    options_.least_delay = least;
    options_.most_delay = most;
  }

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] uint32_t size() const { return options_.replicas; }
  [[nodiscard]] bool is_up(uint32_t replica) const { return replicas_[replica].engine != nullptr; }
  [[nodiscard]] const Engine& engine(uint32_t replica) const { return *replicas_[replica].engine; }
  [[nodiscard]] EngineStatus status(uint32_t replica) const { return engine(replica).status(); }
  [[nodiscard]] uint64_t random(uint64_t bound);
  // Payloads that anybody has committed.
  [[nodiscard]] bool is_committed(uint64_t number) const;
  [[nodiscard]] Height lowest_committed() const;  // of replicas that are up and honest
  [[nodiscard]] Signature sign(uint32_t replica, const Statement& statement);
  [[nodiscard]] const Membership& membership() const { return options_.engine.genesis; }
  [[nodiscard]] std::optional<TimePoint> committed_at(uint32_t replica, Height height) const;
  // Violations of the rules, in words; empty if all held.
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

  struct Totals {
    uint64_t messages = 0;
    uint64_t bytes = 0;
    uint64_t signatures = 0;
    uint64_t verifications = 0;
    uint64_t persists = 0;
    uint64_t logged_bytes = 0;
    uint64_t evidence = 0;
    uint64_t reads_ready = 0;
    uint64_t reads_refused = 0;
    Height read_height;  // of the last read answered
    uint64_t stopped = 0;
  };
  [[nodiscard]] const Totals& totals() const { return totals_; }
  void reset_totals() { totals_ = {}; }
  [[nodiscard]] const std::vector<effect::EvidenceFound>& evidence() const { return evidence_; }
  // Counters over all lives of all replicas.
  [[nodiscard]] EngineCounters counters() const;

 private:
  struct Gated {
    Ticket after;
    std::function<void()> act;
  };
  struct Snapshot {
    Height height;
    Digest root;
  };
  struct Replica {
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Signer> signer;
    uint64_t life = 0;
    std::vector<std::pair<Ticket, LogRecordRef>> log;
    Ticket durable;
    Ticket appended;
    std::vector<Gated> gated;
    std::vector<StoredBlock> store;  // consecutive
    Height store_base;               // the first stored block follows this
    Checkpoint checkpoint;
    Height executed;
    Digest root;
    std::vector<Snapshot> snapshots;
    std::map<uint64_t, TimePoint> timers;
    std::map<Height, TimePoint> committed_at;
    Height answered;  // highest height whose commit was durable
    EngineCounters past;
    std::map<Height, View> left;  // by height 0 if views count leaders through all heights
    std::map<std::tuple<uint8_t, View, Height>, Digest> signed_statements;
  };
  struct Event {
    uint32_t replica = 0;
    uint64_t life = 0;
    std::function<void()> act;
  };

  void schedule(Duration delay, uint32_t replica, std::function<void()> act);
  void make_engine(uint32_t replica, RecoveredState recovered);
  void step(uint32_t replica, std::span<const Input> inputs);
  void carry_out(uint32_t replica, Effect& effect);
  void gate(uint32_t replica, Ticket after, std::function<void()> act);
  void transmit(uint32_t from, uint32_t to, const MessageRef& message);
  void put_on_wire(uint32_t from, uint32_t to, const MessageRef& message);
  void answer(uint32_t replica, Input input);
  void on_persist(uint32_t replica, const effect::Persist& persist);
  void on_execute(uint32_t replica, const effect::Execute& execute);
  void on_commit(uint32_t replica, const effect::Commit& commit);
  void check_commit(uint32_t replica, const effect::Commit& commit);
  void on_truncate(uint32_t replica, const effect::Truncate& truncate);
  void on_fetch(uint32_t replica, const effect::FetchState& fetch);
  void on_install(uint32_t replica, const effect::InstallSnapshot& install);
  void check_statement(uint32_t replica, const Message& message);
  void violate(const std::string& what) {
    if (violations_.size() < 20) violations_.push_back(what);
  }
  [[nodiscard]] bool verifies(const SignedStatement& claim);
  [[nodiscard]] bool is_honest(uint32_t replica) const {
    return options_.equivocators.count(replica) == 0;
  }
  // Every number is another payload; at least 16 bytes.
  [[nodiscard]] static PayloadRef payload_of(uint64_t number, uint32_t size);
  [[nodiscard]] MessageRef twin_of(uint32_t from, const Message& message);

  ClusterOptions options_;
  std::vector<Replica> replicas_;
  std::unique_ptr<Verifier> verifier_;
  std::map<std::pair<TimePoint, uint64_t>, Event> events_;
  uint64_t sequence_ = 0;
  uint64_t random_state_ = 0;
  TimePoint now_;
  EffectSink sink_;
  WireFilter filter_;
  std::map<Height, Digest> agreed_;
  std::map<Height, Digest> roots_;
  std::map<Digest, Height> ordered_;
  std::vector<effect::EvidenceFound> evidence_;
  std::vector<std::string> violations_;
  Totals totals_;
};

}  // namespace govchain::consensus::pbft::testing
