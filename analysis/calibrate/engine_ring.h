#pragma once
// The engines of one chain in one thread, which hand each other messages from memory, one input a
// step. Signatures are answered as good, writes as durable and blocks as executed at once: what is
// left is the engines, and every step has one cause.
//
// Payloads have bytes, so that a captured proposal is what a node would put on the wire.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/calibrate/step_times.h"
#include "consensus/engine.h"
#include "consensus/protocol_traits.h"

namespace govchain::analysis {

struct RingShape {
  const consensus::ProtocolTraits* protocol = nullptr;
  uint32_t replicas = 4;
  uint32_t payloads_per_block = 1;
  consensus::Bytes payload{256};
};

class EngineRing {
 public:
  explicit EngineRing(const RingShape& shape);
  EngineRing(const EngineRing&) = delete;
  EngineRing& operator=(const EngineRing&) = delete;

  // Until the first replica has committed so many blocks more; `times` may be null. False if
  // nothing is decided any more.
  [[nodiscard]] bool run(uint64_t blocks, StepTimes* times);

  // Steps so far by label, all replicas together.
  [[nodiscard]] uint64_t steps(size_t label) const { return steps_.at(label); }
  [[nodiscard]] uint64_t delivered() const { return delivered_; }
  [[nodiscard]] uint64_t committed() const { return committed_; }
  [[nodiscard]] const RingShape& shape() const { return shape_; }
  // The longest message of each type so far.
  [[nodiscard]] const std::map<uint8_t, consensus::MessageRef>& messages() const {
    return messages_;
  }

  // What a step was given: a message of some type, that such a message's signature is good, which
  // is when most of them are acted upon, or anything else.
  [[nodiscard]] static size_t label_of(const consensus::Input& input);
  [[nodiscard]] static bool is_message(size_t label) { return label < kMessageTypes; }
  // {"message", "prepare"}, {"verified", "prepare"}, {"input", "executed"}
  [[nodiscard]] std::pair<std::string, std::string> name_of(size_t label) const;

 private:
  static constexpr size_t kMessageTypes = 256;
  static constexpr size_t kTimers = 32;
  static constexpr uint64_t kPieceDeliveries = 128;
  struct Flight {
    uint32_t from = 0;
    uint32_t to = 0;
    consensus::MessageRef message;
  };
  struct Replica {
    std::unique_ptr<consensus::Engine> engine;
    std::deque<consensus::Input> answers;
    std::array<std::optional<consensus::TimePoint>, kTimers> timers;
  };

  [[nodiscard]] bool advance(consensus::TimePoint latest, StepTimes* times);
  void feed(StepTimes* times);
  bool fire_next_timer(consensus::TimePoint latest, StepTimes* times);
  void give(uint32_t replica, const consensus::Input& input, StepTimes* times);
  void step(uint32_t replica, std::span<const consensus::Input> inputs, StepTimes* times);
  void send(uint32_t from, uint32_t to, const consensus::MessageRef& message);
  void carry_out(uint32_t replica, const consensus::Effect& effect);
  [[nodiscard]] consensus::PayloadRef make_payload();

  RingShape shape_;
  std::vector<Replica> replicas_;
  std::deque<Flight> flights_;
  consensus::EffectSink sink_;
  consensus::TimePoint now_;
  std::array<uint64_t, StepTimes::kLabels> steps_{};
  std::map<uint8_t, consensus::MessageRef> messages_;
  uint64_t proposed_ = 0;
  uint64_t ordered_ = 0;
  uint64_t committed_ = 0;
  uint64_t delivered_ = 0;
  consensus::Height counted_;
};

}  // namespace govchain::analysis
