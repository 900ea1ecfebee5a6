// The recorded inputs of any simulated replica, fed to a fresh engine, give the same effects.

#include "sim/checkers/replay.h"

#include <memory>

#include <gtest/gtest.h>

#include "consensus/journal.h"
#include "sim/fuzz/generator.h"
#include "sim/world.h"
#include "tests/sim/every_protocol.h"

namespace govchain::sim {
namespace {

using consensus::Effect;
using consensus::Engine;
using consensus::Input;

class Replay : public testing::TestWithParam<consensus::Protocol> {};

// Counts what there was to be cut.
class CountingReplay final : public ReplayCheck {
 public:
  using ReplayCheck::ReplayCheck;
  void on_step(ReplicaAddress who, TimePoint local, std::span<const Input> inputs,
               std::span<const Effect> effects, const Engine& engine) override {
    batches += inputs.size() > 1 ? 1 : 0;
    ReplayCheck::on_step(who, local, inputs, effects, engine);
  }
  uint64_t batches = 0;
};

TEST_P(Replay, GivesTheSameEffectsUnderFaultsAndAdversaries) {
  uint64_t restarts = 0;
  uint64_t batches = 0;
  uint64_t clones = 0;
  uint64_t unmoved = 0;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    const WorldSpec world = generate_world(GetParam(), seed);
    CountingReplay check(world.chains.front().engine.hash, seed, ReplayCheck::Fingerprints::kAll);
    RunOptions options;
    options.journal = &check;
    const consensus::Result<WorldResult> run = run_world(world, options);
    ASSERT_TRUE(run.ok()) << run.error().message;
    EXPECT_EQ(check.difference(), "") << "seed " << seed;
    EXPECT_GT(check.effects(), 0U);
    restarts += check.engines() - world.chains.front().replicas.size();
    batches += check.batches;
    clones += check.clones();
    unmoved += check.unmoved();
  }
  EXPECT_GT(restarts, 30U);  // so lives that began with a log were replayed too
  EXPECT_GT(batches, 2'000U);
  EXPECT_GT(clones, 1'000U);
  EXPECT_GT(unmoved, 200U);
}

INSTANTIATE_TEST_SUITE_P(Engines, Replay, testing::ValuesIn(every_protocol()));

// Worlds in which engines once had equal fingerprints and went on differently, or seemed to.
TEST(Replay, FingerprintsTellEnginesApartThatDifferInLittle) {
  struct Case {
    consensus::Protocol protocol;
    uint64_t seed;
    const char* what;
  };
  for (const Case& one : {
           Case{consensus::Protocol::kPbft, 1'806, "the same digest in one list or in the next"},
           Case{consensus::Protocol::kPbft, 1'892, "a vote that its host is asked about later"},
           Case{consensus::Protocol::kTendermint, 1'171, "other signers proved the last epoch"},
           Case{consensus::Protocol::kQbft, 217, "other signers proved a block that peers ask for"},
       }) {
    const WorldSpec world = generate_world(one.protocol, one.seed);
    ReplayCheck check(world.chains.front().engine.hash, one.seed, ReplayCheck::Fingerprints::kAll);
    RunOptions options;
    options.journal = &check;
    const consensus::Result<WorldResult> run = run_world(world, options);
    ASSERT_TRUE(run.ok()) << run.error().message;
    EXPECT_EQ(check.difference(), "") << one.what;
    EXPECT_GT(check.clones(), 0U);
  }
}

// An engine that does what its contract forbids.
class Forgetful final : public Engine {
 public:
  enum class Sin : uint8_t {
    kNone,
    kBirthsDiffer,       // what it is made from does not say all
    kCloneForgets,       // of what came before it was taken
    kCloneDisturbs,      // shares something with its original that both change
    kCountsSteps,        // how inputs are cut matters
    kFingerprintLies,    // two that are equal have different ones
    kFingerprintForgets  // two that differ have equal ones
  };
  Forgetful(Sin sin, uint64_t births) : sin_(sin), births_(births) {}

  void step(TimePoint now, std::span<const Input> inputs, consensus::EffectSink& sink) override {
    ++steps_;
    ++*shared_;
    inputs_ += inputs.size();
    for (size_t i = 0; i < inputs.size(); ++i) {
      uint64_t shown = inputs_;
      if (sin_ == Sin::kBirthsDiffer) shown += births_;
      if (sin_ == Sin::kCountsSteps) shown = steps_;
      if (sin_ == Sin::kCloneDisturbs) shown = *shared_;
      // One that shows the number of inputs so far shows it once for each.
      if (sin_ != Sin::kCountsSteps) shown -= inputs.size() - 1 - i;
      sink.emit(consensus::effect::SetTimer{
          consensus::TimerId(1), now + Duration::nanoseconds(static_cast<int64_t>(shown))});
    }
  }
  [[nodiscard]] Bytes credit() const override { return Bytes(0); }
  [[nodiscard]] consensus::EngineStatus status() const override { return {}; }
  [[nodiscard]] const consensus::EngineCounters& counters() const override { return counters_; }
  [[nodiscard]] std::unique_ptr<Engine> clone() const override {
    auto copy = std::make_unique<Forgetful>(*this);
    if (sin_ == Sin::kCloneForgets) copy->inputs_ = 0;
    if (sin_ != Sin::kCloneDisturbs) copy->shared_ = std::make_shared<uint64_t>(*shared_);
    return copy;
  }
  [[nodiscard]] consensus::Digest fingerprint() const override {
    consensus::Digest digest;
    digest.bytes[0] = sin_ == Sin::kFingerprintLies ? static_cast<uint8_t>(births_) : 0;
    if (sin_ == Sin::kFingerprintForgets) return digest;
    digest.bytes[1] = static_cast<uint8_t>(inputs_);
    digest.bytes[2] = static_cast<uint8_t>(inputs_ >> 8U);
    return digest;
  }
  [[nodiscard]] Bytes memory() const override { return Bytes(0); }

 private:
  Sin sin_;
  uint64_t births_;
  std::shared_ptr<uint64_t> shared_ = std::make_shared<uint64_t>(0);
  uint64_t steps_ = 0;
  uint64_t inputs_ = 0;
  consensus::EngineCounters counters_;
};

std::string difference_of(Forgetful::Sin sin) {
  constexpr ReplicaAddress kWho{0, 0};
  ReplayCheck check(consensus::HashAlgorithm::kSha256, 1, ReplayCheck::Fingerprints::kAll);
  uint64_t births = 0;
  Forgetful engine(sin, births);
  check.on_engine(kWho, consensus::ChainId(1), engine,
                  [&] { return std::make_unique<Forgetful>(sin, ++births); });
  consensus::EffectSink sink;
  const std::vector<Input> inputs{consensus::input::Persisted{consensus::Ticket(1)},
                                  consensus::input::Persisted{consensus::Ticket(2)}};
  for (size_t i = 0; i < 400; ++i) {
    sink.clear();
    const std::span<const Input> some = std::span(inputs).first(i < 399 ? 1 : 2);
    engine.step(TimePoint(), some, sink);
    check.on_step(kWho, TimePoint(), some, std::as_const(sink).effects(), engine);
  }
  return check.difference();
}

TEST(ReplayCheck, FindsWhatTheContractForbids) {
  using Sin = Forgetful::Sin;
  const auto has = [](Sin sin, const char* what) {
    return difference_of(sin).find(what) != std::string::npos;
  };
  EXPECT_EQ(difference_of(Sin::kNone), "");
  EXPECT_TRUE(has(Sin::kBirthsDiffer, "step 1: effect 0 of kind 5, replayed kind 5, differs"));
  EXPECT_TRUE(has(Sin::kCloneForgets, "effect 0 of kind 5, cloned kind 5, differs"));
  EXPECT_TRUE(has(Sin::kCloneDisturbs, "cloned kind 5, differs"));
  EXPECT_TRUE(has(Sin::kCountsSteps, "step 400: effect 1 of kind 5, replayed kind 5, differs"));
  EXPECT_TRUE(has(Sin::kFingerprintLies, "step 13: the fingerprints differ, replayed"));
  EXPECT_TRUE(has(Sin::kFingerprintForgets, "unmoved by an input of kind 2 missed in step"));
}

}  // namespace
}  // namespace govchain::sim
