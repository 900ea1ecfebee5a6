#pragma once
// One replica of a script: an engine with the smallest host that keeps the contract of
// consensus/engine.h. Signing, verification, execution and loading are answered at once; the log is
// encoded and loses what was not synced; what waits for a ticket waits for it.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/engine.h"
#include "consensus/memory_block_store.h"
#include "consensus/memory_log.h"
#include "consensus/protocol_settings.h"
#include "consensus/protocol_traits.h"

namespace govchain::consensus::testing {

// What a node needs of the world around it.
class NodeHost {
 public:
  virtual ~NodeHost() = default;
  // `to` is empty for a broadcast, whose receivers are `members`.
  virtual void send(const std::string& label, std::optional<ReplicaId> to,
                    const Membership& members, const MessageRef& message) = 0;
  // One line about something that a person can see happen.
  virtual void tell(const std::string& label, const std::string& what) = 0;
  virtual void committed(const std::string& label, const StoredBlock& block) = 0;
  // Whether somebody else holds this snapshot.
  [[nodiscard]] virtual bool find_snapshot(const std::string& label,
                                           const Checkpoint& checkpoint) = 0;
  // Names of payloads, "a,b", for printing.
  [[nodiscard]] virtual std::string names(const std::vector<PayloadRef>& payloads) const = 0;
};

class Node {
 public:
  Node(std::string label, const ProtocolTraits& protocol, const ProtocolSettings& settings,
       const EngineConfig& config, NodeHost& host);

  // Makes the engine, from what the disk holds if it ran before.
  void start();
  // Loses the engine and what was not synced; `surviving` unsynced records happen to be on disk.
  void crash(uint64_t surviving);
  [[nodiscard]] bool running() const { return engine_ != nullptr; }
  [[nodiscard]] bool ever_ran() const { return ran_before_; }

  // Feeds the input and then all answers to what it causes.
  void give(Input input);
  // Advances this replica's clock and fires what comes due on the way, in order.
  void advance(Duration elapsed);
  // Time until the next timer; nullopt if none is set.
  [[nodiscard]] std::optional<Duration> next_timer() const;

  // What it runs from its next start on.
  void set_software(ProtocolVersion newest) { config_.newest_version = newest; }
  // With manual sync nothing becomes durable until sync().
  void set_manual_sync(bool manual) { manual_sync_ = manual; }
  void sync();
  // The same, up to so many records.
  void sync_some(uint64_t records);
  // What was written since the last call is one write of its disk; so is a mere advance of the
  // commit index, which others write down.
  void close_batch();
  void sync_batches(uint64_t batches);
  // With manual execution blocks are executed by execute() only, at most so many.
  void set_manual_execution(bool manual) { manual_execution_ = manual; }
  void execute(uint64_t count);
  // Whether its disk or its execution has been asked for something.
  [[nodiscard]] bool has_work() const {
    return log_.durable() < log_.last() || !to_execute_.empty();
  }
  // A full disk takes no record until it has room again; a broken one never.
  void fill_disk();
  void make_room_on_disk();
  void break_disk();
  [[nodiscard]] std::optional<Duration> time_until(TimerId timer) const;
  void set_timer(TimerId timer, TimePoint deadline) { timers_[timer] = deadline; }
  // Its store forgets blocks below `height`, which a stable checkpoint must cover.
  [[nodiscard]] Status compact(Height height);
  // Every record that was written, durable or not, and not truncated.
  [[nodiscard]] std::vector<LogRecordRef> written() const;
  [[nodiscard]] std::vector<LogRecordRef> durable() const;

  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] ReplicaId id() const { return config_.self; }
  [[nodiscard]] Protocol protocol() const { return protocol_->protocol; }
  [[nodiscard]] const Engine& engine() const { return *engine_; }
  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] const MemoryBlockStore& store() const { return store_; }
  [[nodiscard]] const MemoryLog& log() const { return log_; }
  // The members of the epoch that is active here.
  [[nodiscard]] const Membership& members() const { return members_; }
  [[nodiscard]] bool has_snapshot(const Checkpoint& checkpoint) const;
  // View, leader and heights in a line.
  [[nodiscard]] std::string describe() const;

 private:
  void step_once();
  void settle();
  void perform(Effect& effect);
  void release_held();
  void note_status();

  void on(effect::Persist& effect);
  void on(effect::Truncate& effect);
  void on(effect::Load& effect);
  void on(effect::Send& effect);
  void on(effect::Broadcast& effect);
  void on(effect::SetTimer& effect);
  void on(effect::CancelTimer& effect);
  void on(effect::Verify& effect);
  void on(effect::VerifyClaims& effect);
  void on(effect::VerifyPayloads& effect);
  void on(effect::Sign& effect);
  void on(effect::Execute& effect);
  void on(effect::Commit& effect);
  void on(effect::CheckpointStable& effect);
  void on(effect::FetchState& effect);
  void on(effect::InstallSnapshot& effect);
  void on(effect::EvidenceFound& effect);
  void on(effect::ReadReady& effect);
  void on(effect::ReadRefused& effect);
  void on(effect::Refused& effect);
  void on(effect::MembershipActive& effect);
  void on(effect::Stopped& effect);
  void on(effect::Metric& effect);

  void apply(const effect::Execute& effect);
  void store_committed(const StoredBlock& stored);
  void store_checkpoint(const Checkpoint& checkpoint);
  void synced(bool anything);
  void send_or_hold(Ticket after, std::function<void()> send);

  struct Held {
    Ticket after;
    std::function<void()> send;
  };
  struct Truncation {
    Ticket before;
    Ticket after;
  };

  std::string label_;
  const ProtocolTraits* protocol_;
  ProtocolSettings settings_;
  EngineConfig config_;
  NodeHost* host_;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<Verifier> verifier_;

  // Lost in a crash.
  std::unique_ptr<Engine> engine_;
  EffectSink sink_;
  std::deque<Input> inputs_;
  std::map<TimerId, TimePoint> timers_;
  std::vector<Held> held_;
  std::vector<Truncation> truncations_;
  std::deque<effect::Execute> to_execute_;
  std::map<Ticket, LogRecordRef> unsynced_;  // for written()
  std::deque<Ticket> batches_;               // last ticket of each
  Ticket batched_;
  Height committed_in_batch_;
  Membership members_;
  EngineStatus last_status_;

  // On disk, or of the machine.
  bool ran_before_ = false;
  bool manual_sync_ = false;
  bool manual_execution_ = false;
  TimePoint now_;
  MemoryLog log_{MemoryLog::Config{MemoryLog::Storage::kEncoded, HashAlgorithm::kSha256, {}}};
  MemoryBlockStore store_;
  Height executed_;
  Height installed_;                // of the state that was taken over last
  std::map<Height, Digest> roots_;  // state root after each height; the state itself is its root
  std::map<Height, Digest> snapshots_;
};

}  // namespace govchain::consensus::testing
