#pragma once
// Engines of one protocol in one process that hand each other messages from memory, first in, first
// out. Every signature is good, every write durable and every block executed at once, so what is
// left is the engines: their steps, their effects, their objects. Time passes only where nothing
// else is under way: it jumps to the next timer. Benchmarks, allocation counts and reference runs
// are made with it.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "consensus/engine.h"
#include "consensus/protocol_settings.h"
#include "consensus/protocol_traits.h"

namespace govchain::consensus::testing {

// Clients that always have something to order, and what the hosts keep.
struct LoopbackOptions {
  uint32_t transactions_per_payload = 100;  // a client's batch under one signature
  Bytes payload_bytes{12'800};
  uint32_t payloads_per_block = 10;  // a leader waits until it has so many
  uint32_t payloads_ahead = 160;     // proposed and not yet committed
  bool keeps_storage = false;        // what restart() and a peer's Load need
  uint32_t witnesses = 0;            // of the members, the last ones
};

// What is done around every step, the first one of an engine included.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  virtual void before_step(uint32_t replica) = 0;
  virtual void after_step(uint32_t replica, std::span<const Effect> effects) = 0;
};

class Loopback {
 public:
  // `config` with the load's limits to a block, a mempool that holds it, and
  // members of weight 1 without keys.
  Loopback(const ProtocolTraits& protocol, uint32_t replicas, const LoopbackOptions& options,
           EngineConfig config, const ProtocolSettings& settings = {},
           StepObserver* observer = nullptr);
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  // As the benchmarks use it: a checkpoint every 64 heights, timeouts of ten seconds.
  [[nodiscard]] static EngineConfig usual_config();

  // Until the observed replica (the first one that is not cut off) has committed so many blocks
  // more. False if nothing is decided any more for ten minutes of the engines' time.
  [[nodiscard]] bool run(uint64_t blocks);
  // Until so much time has passed, or nothing is under way any more; nobody proposes.
  void run_for(Duration duration);
  // Hands an input to one replica, and carries out what follows at once; messages stay under way.
  void input(uint32_t replica, const Input& input) { give(replica, std::span(&input, 1)); }
  // A payload that is none of those that run() proposes.
  [[nodiscard]] PayloadRef make_payload();
  // Messages for which it answers false are lost.
  using WireFilter = std::function<bool(uint32_t from, uint32_t to, const Message& message)>;
  void set_filter(WireFilter filter) { filter_ = std::move(filter); }
  // Nothing from or to this replica arrives until it is joined again.
  void cut_off(uint32_t replica);
  void join(uint32_t replica);
  // A crash that loses nothing, and a new engine from the log. Only where storage is kept.
  void restart(uint32_t replica);

  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(replicas_.size()); }
  [[nodiscard]] const Engine& engine(uint32_t replica) const { return *replicas_[replica].engine; }
  // Since the beginning: messages handed over, and what the observed replica committed.
  [[nodiscard]] uint64_t delivered() const { return delivered_; }
  [[nodiscard]] uint64_t transactions() const { return transactions_; }
  [[nodiscard]] uint64_t payloads() const { return ordered_; }

 private:
  struct Flight {
    uint32_t from = 0;
    uint32_t to = 0;
    MessageRef message;
  };
  struct Replica {
    std::unique_ptr<Engine> engine;
    std::vector<Input> answers;
    std::optional<TimePoint> timers[32];
    bool cut_off = false;
    // What is left after a crash.
    std::deque<std::pair<Ticket, LogRecordRef>> log;
    Ticket last_ticket;
    Checkpoint checkpoint;
    Height executed;
    Digest root;
    std::deque<StoredBlock> blocks;
  };

  void make_engine(uint32_t replica, RecoveredState recovered);
  [[nodiscard]] uint32_t observed() const;
  void feed();
  bool deliver_one();
  bool fire_next_timer(TimePoint latest);
  void give(uint32_t replica, std::span<const Input> inputs);
  void step(uint32_t replica, std::span<const Input> inputs);
  void answer(uint32_t replica, Input input) {
    replicas_[replica].answers.push_back(std::move(input));
  }
  void put_under_way(uint32_t from, uint32_t to, const MessageRef& message);
  void carry_out(uint32_t replica, effect::Persist& persist);
  void carry_out(uint32_t replica, effect::Truncate& truncate);
  void carry_out(uint32_t replica, effect::Load& load);
  void carry_out(uint32_t replica, effect::Send& send);
  void carry_out(uint32_t replica, effect::Broadcast& broadcast);
  void carry_out(uint32_t replica, effect::SetTimer& set);
  void carry_out(uint32_t replica, effect::CancelTimer& cancel);
  void carry_out(uint32_t replica, effect::Verify& verify);
  void carry_out(uint32_t replica, effect::VerifyClaims& verify);
  void carry_out(uint32_t replica, effect::VerifyPayloads& verify);
  void carry_out(uint32_t replica, effect::Sign& sign);
  void carry_out(uint32_t replica, effect::Execute& execute);
  void carry_out(uint32_t replica, effect::Commit& commit);
  void carry_out(uint32_t replica, effect::CheckpointStable& stable);
  void carry_out(uint32_t replica, effect::FetchState& fetch);
  void carry_out(uint32_t replica, effect::InstallSnapshot& install);
  template <typename Other>
  void carry_out(uint32_t /*replica*/, Other& /*effect*/) {}

  const ProtocolTraits& protocol_;
  LoopbackOptions options_;
  EngineConfig config_;
  ProtocolSettings settings_;
  StepObserver* observer_;
  std::vector<Replica> replicas_;
  std::deque<Flight> flights_;
  std::vector<Input> batch_;
  std::vector<Input> proposals_;
  EffectSink sink_;
  WireFilter filter_;
  TimePoint now_;
  uint64_t proposed_ = 0;
  uint64_t ordered_ = 0;
  uint64_t given_up_ = 0;  // proposed where they may have been lost
  uint64_t committed_ = 0;
  uint64_t delivered_ = 0;
  uint64_t transactions_ = 0;
  Height counted_;  // highest height that stands in the three above
};

}  // namespace govchain::consensus::testing
