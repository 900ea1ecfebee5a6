#include "sim/checkers/replay.h"

#include <algorithm>

#include "consensus/journal.h"

namespace govchain::sim {

using consensus::Effect;
using consensus::Engine;
using consensus::Input;

namespace {

// Costly for large engines, so not after every step; odd, so that no rhythm of the protocol hides a
// difference from it.
constexpr uint64_t kFingerprintEvery = 13;
// A clone is followed for this many steps at most.
constexpr uint64_t kMostStepsOfClone = 150;
// What a host answers; an engine need not know what for.
bool is_question(const Effect& effect) {
  return std::holds_alternative<consensus::effect::Verify>(effect) ||
         std::holds_alternative<consensus::effect::VerifyClaims>(effect) ||
         std::holds_alternative<consensus::effect::VerifyPayloads>(effect) ||
         std::holds_alternative<consensus::effect::Sign>(effect) ||
         std::holds_alternative<consensus::effect::Load>(effect);
}

// Of those that fuzzed worlds are drawn from, one that none of their parts uses.
constexpr uint64_t kRandomStream = 1'000;

}  // namespace

ReplayCheck::ReplayCheck(consensus::HashAlgorithm algorithm, uint64_t seed,
                         Fingerprints fingerprints)
    : algorithm_(algorithm),
      random_(seed, RandomPurpose::kFuzz, kRandomStream),
      fingerprints_(fingerprints) {}

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

void ReplayCheck::on_engine(ReplicaAddress who, consensus::ChainId chain, const Engine& /*engine*/,
                            const EngineMaker& again) {
  ++engines_;
  Life* life = find(who);
  if (life == nullptr) life = &lives_.emplace_back();
  *life = Life{};
  life->who = who;
  life->chain = chain;
  life->fresh.name = "replayed";
  life->fresh.engine = again();
  life->clone.name = "cloned";
  life->next_clone = random_.below(kMostStepsOfClone);
}

void ReplayCheck::remember_asked(Second& second) {
  const std::span<const Effect> effects = std::as_const(sink_).effects();
  for (const Effect& effect : effects.subspan(second.looked_at)) {
    if (const auto* verify = std::get_if<consensus::effect::Verify>(&effect)) {
      second.asked[verify->token] = verify->message;
    }
  }
  second.looked_at = effects.size();
}

void ReplayCheck::give_own_message(Second& second, Input& input) {
  auto* verified = std::get_if<consensus::input::Verified>(&input);
  if (verified == nullptr) return;
  // What its original had asked before a clone was taken, both of them hold.
  if (const auto asked = second.asked.extract(verified->token)) verified->message = asked.mapped();
}

bool ReplayCheck::step_fresh(Life& life, TimePoint local, std::span<const Input> inputs) {
  Second& fresh = life.fresh;
  sink_.clear();
  fresh.looked_at = 0;
  // A first step without inputs starts the engine.
  if (inputs.empty()) fresh.engine->step(local, {}, sink_);
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
    give_own_message(fresh, *recorded);
    fresh.engine->step(local, std::span(&*recorded, 1), sink_);
    remember_asked(fresh);
  }
  return true;
}

void ReplayCheck::step_clone(Second& clone, TimePoint local, std::span<const Input> inputs) {
  sink_.clear();
  clone.looked_at = 0;
  inputs_.assign(inputs.begin(), inputs.end());
  for (Input& input : inputs_) give_own_message(clone, input);
  clone.engine->step(local, inputs_, sink_);
  remember_asked(clone);
}

// Whether effects and those in sink_ have the same questions for the host. If not, its answers
// differ, and equal engines go on differently.
bool ReplayCheck::asks_the_same(const Life& life, std::span<const Effect> effects) {
  expected_.clear();
  found_.clear();
  for (const Effect& effect : effects) {
    if (is_question(effect)) consensus::encode_effect(life.chain, effect, expected_);
  }
  for (const Effect& effect : std::as_const(sink_).effects()) {
    if (is_question(effect)) consensus::encode_effect(life.chain, effect, found_);
  }
  return expected_ == found_;
}

void ReplayCheck::step_missed(Life& life, TimePoint local, std::span<const Input> inputs,
                              std::span<const Effect> effects, const Engine& engine) {
  if (!life.misses_next) {
    step_clone(life.missed, local, inputs);
    return compare(life, life.missed, effects, engine);
  }
  life.misses_next = false;
  std::vector<Input> others(inputs.begin(), inputs.end());
  if (!others.empty()) {
    const auto one = others.begin() + static_cast<std::ptrdiff_t>(random_.below(others.size()));
    life.missed.name = "unmoved by an input of kind " + std::to_string(one->index());
    if (const auto* received = std::get_if<consensus::input::MessageReceived>(&*one)) {
      life.missed.name += " and type " + std::to_string(received->message->type);
    }
    life.missed.name += " missed in step " + std::to_string(life.steps) + ",";
    others.erase(one);
  }
  step_clone(life.missed, local, others);
  if (life.missed.engine->fingerprint() == engine.fingerprint() && asks_the_same(life, effects)) {
    ++unmoved_;
  } else {
    life.missed.engine.reset();
  }
}

void ReplayCheck::compare(const Life& life, const Second& second, std::span<const Effect> effects,
                          const Engine& engine) {
  const std::string& name = second.name;
  const std::span<const Effect> others = std::as_const(sink_).effects();
  if (effects.size() != others.size()) {
    return report(life, std::to_string(effects.size()) + " effects, " + name + " " +
                            std::to_string(others.size()));
  }
  for (size_t i = 0; i < effects.size(); ++i) {
    expected_.clear();
    found_.clear();
    consensus::encode_effect(life.chain, effects[i], expected_);
    consensus::encode_effect(life.chain, others[i], found_);
    if (expected_ == found_) continue;
    return report(life, "effect " + std::to_string(i) + " of kind " +
                            std::to_string(effects[i].index()) + ", " + name + " kind " +
                            std::to_string(others[i].index()) + ", differs");
  }
  if (life.steps % kFingerprintEvery == 0 && engine.fingerprint() != second.engine->fingerprint()) {
    report(life, "the fingerprints differ, " + name);
  }
}

void ReplayCheck::on_step(ReplicaAddress who, TimePoint local, std::span<const Input> inputs,
                          std::span<const Effect> effects, const Engine& engine) {
  Life* const life = find(who);
  if (life == nullptr || !difference_.empty()) return;
  ++steps_;
  ++life->steps;
  effects_ += effects.size();
  if (!step_fresh(*life, local, inputs)) return;
  compare(*life, life->fresh, effects, engine);
  if (life->clone.engine) {
    step_clone(life->clone, local, inputs);
    compare(*life, life->clone, effects, engine);
  }
  if (life->missed.engine) step_missed(*life, local, inputs, effects, engine);
  if (life->steps <= life->next_clone) return;
  ++clones_;
  life->clone.engine = engine.clone();
  life->clone.asked.clear();
  if (fingerprints_ == Fingerprints::kAll) {
    life->missed.engine = engine.clone();
    life->missed.asked.clear();
    life->misses_next = true;
  }
  life->next_clone = life->steps + 1 + random_.below(kMostStepsOfClone);
}

}  // namespace govchain::sim
