#include "analysis/calibrate/engine_ring.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/protocol_settings.h"

namespace govchain::analysis {

using namespace consensus;  // NOLINT(google-build-using-namespace): engines and all they speak of

namespace {

// Of the engines' time without a decision; then the chain stands still.
constexpr Duration kPatience = Duration::seconds(600);
// Blocks' worth of payloads that wait at a leader.
constexpr uint64_t kBlocksAhead = 8;

// Their names, in the order of consensus::Input. A message has its type's.
constexpr const char* kInputNames[] = {"message",
                                       "timer",
                                       "persisted",
                                       "persist failed",
                                       "loaded",
                                       "claims verified",
                                       "signed",
                                       "executed",
                                       "proposal",
                                       "read",
                                       "reconfigure",
                                       "peer up",
                                       "peer down",
                                       "peer writable",
                                       "peer dropped",
                                       "snapshot fetched",
                                       "snapshot installed",
                                       "wall time",
                                       "leader forgotten"};
static_assert(std::size(kInputNames) == std::variant_size_v<Input>);

EngineConfig config_of(const RingShape& shape) {
  EngineConfig config;
  config.chain = ChainId(1);
  for (uint32_t i = 0; i < shape.replicas; ++i) {
    config.genesis.members.push_back(Member{ReplicaId(i), 1, {}});
  }
  config.batch_delay = Duration::seconds(1);
  config.base_timeout = Duration::seconds(10);
  config.max_block_transactions = shape.payloads_per_block;
  config.max_block_bytes = shape.payload * shape.payloads_per_block;
  return config;
}

}  // namespace

EngineRing::EngineRing(const RingShape& shape) : shape_(shape), replicas_(shape.replicas) {
  EngineConfig config = config_of(shape);
  for (uint32_t i = 0; i < shape.replicas; ++i) {
    config.self = ReplicaId(i);
    config.seed = i + 1;
    replicas_[i].engine = shape.protocol->make(config, ProtocolSettings{}, RecoveredState{});
    step(i, {}, nullptr);
  }
}

size_t EngineRing::label_of(const Input& input) {
  if (const auto* received = std::get_if<input::MessageReceived>(&input)) {
    return received->message->type;
  }
  const auto* verified = std::get_if<input::Verified>(&input);
  if (verified != nullptr && verified->message) return kMessageTypes + verified->message->type;
  return 2 * kMessageTypes + input.index();
}

std::pair<std::string, std::string> EngineRing::name_of(size_t label) const {
  if (label >= 2 * kMessageTypes) return {"input", kInputNames[label - 2 * kMessageTypes]};
  const auto type = static_cast<uint8_t>(label % kMessageTypes);
  return {is_message(label) ? "message" : "verified",
          std::string(shape_.protocol->message_name(type))};
}

bool EngineRing::run(uint64_t blocks, StepTimes* times) {
  const uint64_t goal = committed_ + blocks;
  uint64_t before = committed_;
  TimePoint latest = now_ + kPatience;
  while (committed_ < goal) {
    if (times != nullptr) times->begin_piece();
    const uint64_t piece_end = delivered_ + kPieceDeliveries;
    while (committed_ < goal && delivered_ < piece_end) {
      if (!advance(latest, times)) return false;
      if (committed_ == before) continue;
      before = committed_;
      latest = now_ + kPatience;
    }
    if (times != nullptr) (void)times->end_piece();
  }
  return true;
}

bool EngineRing::advance(TimePoint latest, StepTimes* times) {
  feed(times);
  if (flights_.empty()) return fire_next_timer(latest, times);
  const Flight flight = std::move(flights_.front());
  flights_.pop_front();
  ++delivered_;
  give(flight.to, input::MessageReceived{ReplicaId(flight.from), flight.message}, times);
  return true;
}

// Keeps so much waiting at whoever leads.
void EngineRing::feed(StepTimes* times) {
  if (proposed_ >= ordered_ + kBlocksAhead * shape_.payloads_per_block) return;
  const EngineStatus status = replicas_.front().engine->status();
  const uint32_t leader = status.leader_known ? status.leader.value() : 0;
  for (uint32_t i = 0; i < shape_.payloads_per_block; ++i) {
    give(leader, input::Propose{make_payload()}, times);
  }
}

PayloadRef EngineRing::make_payload() {
  std::vector<uint8_t> bytes(shape_.payload.count());
  ++proposed_;
  for (size_t i = 0; i < sizeof proposed_; ++i) {
    bytes.at(i) = static_cast<uint8_t>(proposed_ >> (8U * i));
  }
  return consensus::make_payload(HashAlgorithm::kSha256, bytes, 1);
}

bool EngineRing::fire_next_timer(TimePoint latest, StepTimes* times) {
  uint32_t replica = 0;
  uint64_t timer = 0;
  TimePoint earliest = TimePoint::max();
  for (uint32_t i = 0; i < replicas_.size(); ++i) {
    for (uint64_t id = 0; id < kTimers; ++id) {
      const std::optional<TimePoint>& set = replicas_[i].timers.at(id);
      if (!set || *set >= earliest) continue;
      earliest = *set;
      replica = i;
      timer = id;
    }
  }
  if (earliest == TimePoint::max() || earliest > latest) return false;
  now_ = std::max(now_, earliest);
  replicas_[replica].timers.at(timer).reset();
  give(replica, input::TimerFired{TimerId(timer)}, times);
  return true;
}

void EngineRing::give(uint32_t replica, const Input& input, StepTimes* times) {
  step(replica, std::span(&input, 1), times);
  std::deque<Input>& answers = replicas_[replica].answers;
  while (!answers.empty()) {
    const Input next = std::move(answers.front());
    answers.pop_front();
    step(replica, std::span(&next, 1), times);
  }
}

void EngineRing::step(uint32_t replica, std::span<const Input> inputs, StepTimes* times) {
  sink_.clear();
  Engine& engine = *replicas_[replica].engine;
  if (inputs.empty()) {
    engine.step(now_, inputs, sink_);
  } else {
    const size_t label = label_of(inputs.front());
    ++steps_.at(label);
    if (times != nullptr) times->begin_step();
    engine.step(now_, inputs, sink_);
    if (times != nullptr) times->end_step(label);
  }
  for (const Effect& effect : std::as_const(sink_).effects()) carry_out(replica, effect);
}

void EngineRing::send(uint32_t from, uint32_t to, const MessageRef& message) {
  MessageRef& longest = messages_[message->type];
  if (!longest || longest->wire_size < message->wire_size) longest = message;
  flights_.push_back({from, to, message});
}

void EngineRing::carry_out(uint32_t replica, const Effect& effect) {
  Replica& one = replicas_[replica];
  const auto answer = [&one](Input input) { one.answers.push_back(std::move(input)); };
  if (const auto* persist = std::get_if<effect::Persist>(&effect)) {
    answer(input::Persisted{persist->ticket});
  } else if (const auto* load = std::get_if<effect::Load>(&effect)) {
    answer(input::Loaded{load->token, {}});
  } else if (const auto* sent = std::get_if<effect::Send>(&effect)) {
    send(replica, sent->to.value(), sent->message);
  } else if (const auto* broadcast = std::get_if<effect::Broadcast>(&effect)) {
    for (uint32_t to = 0; to < replicas_.size(); ++to) {
      if (to != replica) send(replica, to, broadcast->message);
    }
  } else if (const auto* set = std::get_if<effect::SetTimer>(&effect)) {
    one.timers.at(set->timer.value()) = set->deadline;
  } else if (const auto* cancel = std::get_if<effect::CancelTimer>(&effect)) {
    one.timers.at(cancel->timer.value()).reset();
  } else if (const auto* verify = std::get_if<effect::Verify>(&effect)) {
    answer(input::Verified{verify->token, true, verify->message});
  } else if (const auto* claims = std::get_if<effect::VerifyClaims>(&effect)) {
    answer(input::Verified{claims->token, true, {}});
  } else if (const auto* payloads = std::get_if<effect::VerifyPayloads>(&effect)) {
    answer(input::Verified{payloads->token, true, {}});
  } else if (const auto* sign = std::get_if<effect::Sign>(&effect)) {
    answer(input::Signed{sign->token, Signature{}});
  } else if (const auto* execute = std::get_if<effect::Execute>(&effect)) {
    // The state is the last block's digest.
    answer(input::Executed{execute->block->height, execute->block->digest});
  } else if (const auto* commit = std::get_if<effect::Commit>(&effect)) {
    if (replica != 0 || commit->block->height <= counted_) return;
    counted_ = commit->block->height;
    ++committed_;
    ordered_ += commit->block->payloads.size();
  }
}

}  // namespace govchain::analysis
