#include "sim/checkers/replay.h"

#include <algorithm>

#include "consensus/journal.h"

namespace govchain::sim {

using consensus::Effect;
using consensus::Engine;
using consensus::Input;

namespace {

// Costly for large engines, so not after every step; odd, so that no rhythm of the protocol hides a
// difference from them.
constexpr uint64_t kCloneEvery = 37;
constexpr uint64_t kFingerprintEvery = 13;

}  // namespace

ReplayCheck::Life* ReplayCheck::find(ReplicaAddress who) {
  const auto found =
      std::find_if(lives_.begin(), lives_.end(), [&](const Life& life) { return life.who == who; });
  return found == lives_.end() ? nullptr : &*found;
}

void ReplayCheck::report(const Life& life, const std::string& what) {
  if (!difference_.empty()) return;
  difference_ = "chain " + std::to_string(life.who.chain) + ", replica " +
                std::to_string(life.who.replica) + ", step " + std::to_string(life.steps) + ": " +
                what;
}

void ReplayCheck::on_engine(ReplicaAddress who, consensus::ChainId chain, const Engine& engine) {
  ++engines_;
  Life* life = find(who);
  if (life == nullptr) {
    lives_.push_back(Life{who, chain, {}, {}, 0, 0});
    life = &lives_.back();
  }
  life->second = engine.clone();
  life->asked.clear();
  life->steps = 0;
}

bool ReplayCheck::step_second(Life& life, TimePoint local, std::span<const Input> inputs) {
  // A first step without inputs starts the engine.
  if (inputs.empty()) life.second->step(local, {}, sink_);
  std::vector<uint8_t> bytes;
  for (const Input& input : inputs) {
    bytes.clear();
    consensus::encode_input(life.chain, input, bytes);
    consensus::Result<Input> recorded =
        consensus::decode_input(life.chain, algorithm_, bytes, consensus::Cohorts::kAllowed);
    if (!recorded) {
      report(life, "an input of kind " + std::to_string(input.index()) + " does not decode");
      return false;
    }
    // "`message` is the one of effect::Verify" (consensus/input.h): the object, not a copy.
    if (auto* verified = std::get_if<consensus::input::Verified>(&*recorded)) {
      if (const auto asked = life.asked.extract(verified->token)) {
        verified->message = asked.mapped();
      }
    }
    life.second->step(local, std::span(&*recorded, 1), sink_);
    remember_asked(life);
  }
  return true;
}

void ReplayCheck::remember_asked(Life& life) {
  const std::span<const Effect> effects = std::as_const(sink_).effects();
  for (const Effect& effect : effects.subspan(life.looked_at)) {
    if (const auto* verify = std::get_if<consensus::effect::Verify>(&effect)) {
      life.asked[verify->token] = verify->message;
    }
  }
  life.looked_at = effects.size();
}

void ReplayCheck::on_step(ReplicaAddress who, TimePoint local, std::span<const Input> inputs,
                          std::span<const Effect> effects, const Engine& engine) {
  Life* const life = find(who);
  if (life == nullptr || !life->second || !difference_.empty()) return;
  ++steps_;
  ++life->steps;
  effects_ += effects.size();
  sink_.clear();
  life->looked_at = 0;
  if (!step_second(*life, local, inputs)) return;
  const std::span<const Effect> second = std::as_const(sink_).effects();
  for (size_t i = 0; i < std::max(effects.size(), second.size()); ++i) {
    if (i >= effects.size() || i >= second.size()) {
      return report(*life, std::to_string(effects.size()) + " effects, replayed " +
                               std::to_string(second.size()));
    }
    expected_.clear();
    found_.clear();
    consensus::encode_effect(life->chain, effects[i], expected_);
    consensus::encode_effect(life->chain, second[i], found_);
    if (expected_ != found_) {
      return report(*life, "effect " + std::to_string(i) + " of kind " +
                               std::to_string(effects[i].index()) + ", replayed kind " +
                               std::to_string(second[i].index()) + ", differs");
    }
  }
  if (life->steps % kCloneEvery == 0) life->second = life->second->clone();
  if (life->steps % kFingerprintEvery == 0 && engine.fingerprint() != life->second->fingerprint()) {
    report(*life, "the fingerprints differ");
  }
}

}  // namespace govchain::sim
