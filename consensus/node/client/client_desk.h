#pragma once
// The desk between the clients of a replica and the replica: it admits what they submit, remembers
// who waits for what, and answers when the replica says that it is final.
//
// A payload's digest is its name. What is pending is proposed once however often it is submitted,
// and what became of final payloads is remembered for long (FinalBlocks), so that a client that
// lost its answer submits the same bytes again, here or at another replica. What was refused may be
// submitted again at any time.
//
// Where admission verifies, a payload reaches the replica once its clients' signatures were found
// good (on the crypto pool), and whoever submitted it hears nothing before that: one that is forged
// costs the chain nothing, and is not remembered.
//
// Pending submissions are in memory only: a replica that is started again does not know them. It
// may still order them, and then remembers them as any other.
//
// Every function may be called from any thread; none waits. Answers are given on the thread that
// brings them about (the caller's, the replica's loop, its execution thread, or that of on_time()),
// without a lock held: they must be quick, and may call the desk.

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "consensus/crypto/hash.h"
#include "consensus/node/client/answer.h"
#include "consensus/node/client/desk_replica.h"
#include "consensus/node/client/final_blocks.h"
#include "consensus/node/host/replica.h"

namespace govchain::consensus::node {

// Asks a state whether a payload was ordered; null if the state does not show it. For applications
// that keep their payloads' digests. Other members than height and receipts are not looked at.
using Recall =
    std::function<std::optional<Answer>(const Application& state, const Digest& payload)>;

struct DeskSettings {
  // Whose desk this is: a witness has no credit ever, and its clients are told why.
  std::optional<ReplicaId> self;
  HashAlgorithm hash = HashAlgorithm::kSha256;
  Bytes max_payload{1U << 20U};       // = EngineConfig::max_block_bytes
  uint32_t max_transactions = 1'000;  // = EngineConfig::max_block_transactions
  uint32_t max_pending = 1U << 16U;
  Bytes max_pending_bytes{64U << 20U};
  // Check clients' signatures before a payload is proposed, at most so many at once. A queue of
  // small payloads is a second or two of one thread's work.
  bool verify_payloads = false;
  uint32_t max_checking = 1U << 12U;
  Bytes max_checking_bytes{8U << 20U};
  uint32_t max_waiters = 1U << 14U;  // who does not fit in is told "pending" at once
  uint32_t max_reads = 1'024;
  FinalBlocksSettings remembered;
  uint32_t remembered_failures = 1U << 12U;  // refused and unknown ones
  // After so long without news a payload is given up: the outcome is unknown.
  Duration pending_lifetime = Duration::seconds(300);
  // The same for one that the engine knows already: if another replica's client submitted it too,
  // it becomes final soon.
  Duration duplicate_patience = Duration::seconds(10);
  Duration try_again_after = Duration::seconds(1);
  Duration look_interval = Duration::milliseconds(200);
  Recall recall;                                   // null: the application cannot tell
  std::function<TimePoint()> clock;                // null: the machine's monotonic clock
  std::function<void(Duration)> finality_reached;  // from submission to final, of each
};

enum class ReadConsistency : uint8_t { kLinearizable, kLocal };
enum class ReadFailure : uint8_t { kRefused, kTimedOut, kTooMany, kStopped };
inline constexpr size_t kReadFailures = 4;

// Since the desk was made.
struct DeskCounters {
  uint64_t admitted = 0;
  uint64_t repeated = 0;  // pending or remembered already when it was submitted
  uint64_t final = 0;     // of the admitted
  uint64_t ordered = 0;
  std::array<uint64_t, kCauses> refused{};  // at admission or later
  std::array<uint64_t, kCauses> unknown{};
  uint64_t reads = 0;
  std::array<uint64_t, kReadFailures> failed_reads{};
};

class ClientDesk final : public ReplicaListener {
 public:
  explicit ClientDesk(DeskSettings settings);

  // Before Replica::start(); `checkpoint`: the one that it starts with, if it has one.
  void attach(DeskReplica& replica, const Checkpoint& checkpoint);
  // Before Replica::stop(): the replica is not used any more. All that waits is answered.
  void detach();
  // From now on nothing new is taken; what is pending becomes final or times out.
  void drain();
  [[nodiscard]] bool is_idle() const;  // nothing pending, nobody reading
  // To be called every few milliseconds: deadlines, and the look at the replica.
  void on_time();

  // Called once for each submission: when the outcome is known, or with kPending after `wait`.
  using Answered = std::function<void(const Answer&)>;
  void submit(std::span<const uint8_t> bytes, uint32_t transactions, Duration wait,
              Answered answered);
  void look_up(const Digest& payload, Duration wait, Answered answered);

  // Either `query` is run on the execution thread, or `failed` is called.
  using ReadFailed = std::function<void(ReadFailure)>;
  void read(ReadConsistency consistency, Duration wait, ExecutionThread::Query query,
            ReadFailed failed);

  // What leads from the genesis to the present members (Engine::membership_changes()): nothing
  // while there is no replica, or once it has stopped.
  void membership_changes(std::function<void(std::vector<StoredBlock>)> taker);
  [[nodiscard]] std::optional<FinalBlocks::Whole> block(Height height) const;
  [[nodiscard]] std::optional<FinalBlocks::Range> blocks() const;

  // What is known of the replica.
  struct View {
    std::optional<Replica::Look> look;
    Duration look_age;  // the loop of a replica that is well answers within milliseconds
    std::optional<StopReason> stopped;
    std::string explanation;  // of the stop
    bool attached = false;
    bool disk_full = false;
    bool draining = false;
    std::optional<Membership> membership;
    Checkpoint checkpoint;  // height 0 if there has been none
    uint64_t evidence = 0;
    size_t pending = 0;
    Bytes pending_bytes;
    size_t checking = 0;  // of the pending
    bool journal_failed = false;
    size_t waiters = 0;
    size_t reads = 0;
    size_t remembered = 0;  // payloads
    Bytes remembered_bytes;
    DeskCounters counters;
  };
  [[nodiscard]] View view() const;
  [[nodiscard]] const DeskSettings& settings() const { return settings_; }

  // --- ReplicaListener
  void on_final(const StoredBlock& stored, std::span<const Receipt> receipts) override;
  void on_overtaken(Height height) override;
  void on_refused(const PayloadRef& payload, RefusalReason reason) override;
  void on_read_ready(Token token, Height height) override;
  void on_read_refused(Token token) override;
  void on_checkpoint(const Checkpoint& checkpoint) override;
  void on_evidence(const effect::EvidenceFound& evidence) override;
  void on_membership(const Membership& membership) override;
  void on_stopped(StopReason reason, const std::string& explanation) override;
  void on_disk_full(bool full) override;
  void on_journal_failed(const Error& error) override;

 private:
  using Deadlines = std::multimap<TimePoint, Digest>;
  struct Waiter {
    Deadlines::iterator deadline;
    Answered answered;
  };
  struct Held {
    TimePoint until;
    Answered answered;
  };
  struct Pending {
    PayloadRef unchecked;    // until its signatures were found good
    std::vector<Held> held;  // who waits for that
    Bytes size;
    TimePoint since;
    Deadlines::iterator expiry;
    bool is_duplicate = false;  // the engine had it already
    std::vector<Waiter> waiters;
  };
  using PendingMap = std::map<Digest, Pending>;
  struct Read {
    TimePoint deadline;
    ExecutionThread::Query query;
    ReadFailed failed;
  };
  // Answers, given once the lock is free.
  using Deliveries = std::vector<std::function<void()>>;
  static void deliver(Deliveries& deliveries);

  [[nodiscard]] TimePoint now() const { return settings_.clock(); }
  [[nodiscard]] static Answer pending_answer(const Digest& id, const Pending& pending);
  [[nodiscard]] Answer refused(const Digest& id, Cause cause) const;
  [[nodiscard]] Cause reason_to_refuse(Bytes size) const;
  void admit(const PayloadRef& payload, Duration wait, Answered answered, Deliveries& deliveries);
  void checked(const Digest& id, bool good);
  void end_check(Pending& pending);
  void hold_or_wait(PendingMap::iterator pending, Duration wait, Answered answered,
                    Deliveries& deliveries);
  void wait_for(PendingMap::iterator pending, Duration wait, Answered answered,
                Deliveries& deliveries);
  void settle(PendingMap::iterator pending, Answer answer, Deliveries& deliveries);
  void settle_all(Cause cause, Deliveries& deliveries);
  void remember_failure(Answer answer);
  void count(const Answer& answer);
  void expire(TimePoint at, Deliveries& deliveries);
  void set_expiry(const Digest& id, Pending& pending, TimePoint expiry);
  void ask_state(std::vector<Digest> payloads);
  void run_query(Token token, const Application& state, Height height);
  void fail_read(std::map<Token, Read>::iterator read, ReadFailure failure, Deliveries& deliveries);
  void fail_reads(ReadFailure failure, Deliveries& deliveries);
  void look(TimePoint at);

  DeskSettings settings_;
  mutable std::mutex mutex_;
  DeskReplica* replica_ = nullptr;
  PendingMap pending_;
  Bytes pending_bytes_;
  size_t checking_ = 0;
  Bytes checking_bytes_;
  size_t waiters_ = 0;
  Deadlines deadlines_;  // of waiters and of what is pending
  FinalBlocks final_;
  std::map<Digest, Answer> failures_;
  std::deque<Digest> failures_in_order_;
  std::map<Token, Read> reads_;
  Token last_token_;
  bool draining_ = false;
  bool disk_full_ = false;
  bool journal_failed_ = false;
  std::optional<StopReason> stopped_;
  std::string explanation_;
  std::optional<Membership> membership_;
  Checkpoint checkpoint_;
  uint64_t evidence_ = 0;
  std::optional<Replica::Look> look_;
  TimePoint looked_;
  std::optional<TimePoint> look_asked_;
  DeskCounters counters_;
};

}  // namespace govchain::consensus::node
