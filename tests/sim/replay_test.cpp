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

TEST_P(Replay, GivesTheSameEffectsUnderFaultsAndAdversaries) {
  uint64_t restarts = 0;
  for (uint64_t seed = 0; seed < 48; ++seed) {
    const WorldSpec world = generate_world(GetParam(), seed);
    ReplayCheck check(world.chains.front().engine.hash);
    RunOptions options;
    options.journal = &check;
    const consensus::Result<WorldResult> run = run_world(world, options);
    ASSERT_TRUE(run.ok()) << run.error().message;
    EXPECT_EQ(check.difference(), "") << "seed " << seed;
    EXPECT_GT(check.effects(), 0U);
    restarts += check.engines() - world.chains.front().replicas.size();
  }
  EXPECT_GT(restarts, 20U);  // so lives that began with a log were replayed too
}

INSTANTIATE_TEST_SUITE_P(Engines, Replay, testing::ValuesIn(every_protocol()));

// An engine that does what its contract forbids.
class Forgetful final : public Engine {
 public:
  enum class Sin : uint8_t { kNone, kCopiesDiffer, kCountsSteps, kFingerprintLies };
  explicit Forgetful(Sin sin) : sin_(sin) {}

  void step(TimePoint now, std::span<const Input> inputs, consensus::EffectSink& sink) override {
    ++steps_;
    inputs_ += inputs.size();
    const uint64_t shown = sin_ == Sin::kCountsSteps ? steps_ : inputs_;
    const uint64_t more = sin_ == Sin::kCopiesDiffer && copy_ ? 1 : 0;
    sink.emit(consensus::effect::SetTimer{
        consensus::TimerId(1), now + Duration::nanoseconds(static_cast<int64_t>(shown + more))});
  }
  [[nodiscard]] Bytes credit() const override { return Bytes(0); }
  [[nodiscard]] consensus::EngineStatus status() const override { return {}; }
  [[nodiscard]] const consensus::EngineCounters& counters() const override { return counters_; }
  [[nodiscard]] std::unique_ptr<Engine> clone() const override {
    auto copy = std::make_unique<Forgetful>(*this);
    copy->copy_ = true;
    return copy;
  }
  [[nodiscard]] consensus::Digest fingerprint() const override {
    consensus::Digest digest;
    digest.bytes[0] = sin_ == Sin::kFingerprintLies && copy_ ? 1 : 0;
    return digest;
  }
  [[nodiscard]] Bytes memory() const override { return Bytes(0); }

 private:
  Sin sin_;
  bool copy_ = false;
  uint64_t steps_ = 0;
  uint64_t inputs_ = 0;
  consensus::EngineCounters counters_;
};

std::string difference_of(Forgetful::Sin sin) {
  constexpr ReplicaAddress kWho{0, 0};
  ReplayCheck check(consensus::HashAlgorithm::kSha256);
  Forgetful engine(sin);
  check.on_engine(kWho, consensus::ChainId(1), engine);
  consensus::EffectSink sink;
  const std::vector<Input> inputs{consensus::input::Persisted{consensus::Ticket(1)}};
  for (int i = 0; i < 100; ++i) {
    sink.clear();
    engine.step(TimePoint(), inputs, sink);
    check.on_step(kWho, TimePoint(), inputs, std::as_const(sink).effects(), engine);
  }
  // Two inputs in one step.
  const std::vector<Input> two{consensus::input::Persisted{consensus::Ticket(1)},
                               consensus::input::Persisted{consensus::Ticket(2)}};
  sink.clear();
  engine.step(TimePoint(), two, sink);
  check.on_step(kWho, TimePoint(), two, std::as_const(sink).effects(), engine);
  return check.difference();
}

TEST(ReplayCheck, FindsWhatTheContractForbids) {
  EXPECT_NE(difference_of(Forgetful::Sin::kCopiesDiffer).find("effect 0"), std::string::npos);
  EXPECT_NE(difference_of(Forgetful::Sin::kFingerprintLies).find("fingerprints"),
            std::string::npos);
  // step(a + b) is not step(a); step(b): one effect where there are two.
  EXPECT_NE(difference_of(Forgetful::Sin::kCountsSteps).find("1 effects, replayed 2"),
            std::string::npos);
}

}  // namespace
}  // namespace govchain::sim
