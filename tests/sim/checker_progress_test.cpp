// Rules that demand something within a bound: progress, memory, that the removed learn of it. Each
// is shown one history that keeps it and one that breaks it.

#include "tests/sim/checker_fixture.h"

namespace govchain::sim {
namespace {

ChainPulse pulse(int64_t now_milliseconds, uint64_t blocks) {
  ChainPulse pulse;
  pulse.now = TimePoint::since_start(Duration::milliseconds(now_milliseconds));
  pulse.waiting = 1;
  pulse.committed_blocks = blocks;
  return pulse;
}

TEST_F(CheckerTest, WaitingTransactionsAreOrderedWithinTheBound) {
  checkers_->on_pulse(pulse(100, 0));
  checkers_->on_pulse(pulse(5'000, 0));
  expect_clean();
  checkers_->on_pulse(pulse(5'200, 0));
  expect_broken("progress");
}

TEST_F(CheckerTest, NoProgressIsDemandedDuringFaultsWithoutQuorumOrWithoutLoad) {
  for (int64_t now = 100; now < 60'000; now += 100) {
    ChainPulse faulty = pulse(now, 0);
    faulty.calm_since = TimePoint::max();
    ChainPulse lost = pulse(now, 0);
    lost.quorum_up = false;
    ChainPulse idle = pulse(now, 0);
    idle.waiting = 0;
    checkers_->on_pulse(now < 20'000 ? faulty : now < 40'000 ? lost : idle);
  }
  expect_clean();
}

TEST_F(CheckerTest, BlocksAreProgress) {
  for (int64_t now = 100; now < 60'000; now += 100) {
    ChainPulse moving = pulse(now, static_cast<uint64_t>(now) / 4'000);
    moving.oldest_waiting = moving.now - Duration::seconds(1);
    checkers_->on_pulse(moving);
  }
  expect_clean();
}

TEST_F(CheckerTest, ATransactionThatManyBlocksPassOverIsStarved) {
  for (int64_t now = 100; now < 60'000; now += 100) {
    checkers_->on_pulse(pulse(now, static_cast<uint64_t>(now) / 100));
  }
  expect_broken("progress");
}

class FixedMemoryEngine : public consensus::Engine {
 public:
  explicit FixedMemoryEngine(uint64_t bytes) : bytes_(bytes) {}
  void step(TimePoint, std::span<const consensus::Input>, consensus::EffectSink&) override {}
  [[nodiscard]] Bytes credit() const override { return {}; }
  [[nodiscard]] consensus::EngineStatus status() const override { return {}; }
  [[nodiscard]] const consensus::EngineCounters& counters() const override { return counters_; }
  [[nodiscard]] std::unique_ptr<Engine> clone() const override { return nullptr; }
  [[nodiscard]] Digest fingerprint() const override { return {}; }
  [[nodiscard]] Bytes memory() const override { return Bytes(bytes_); }

 private:
  uint64_t bytes_;
  consensus::EngineCounters counters_;
};

TEST_F(CheckerTest, AnEngineThatGrowsWithoutBoundIsSeenOnce) {
  checkers_->on_sample(replica(0), at(1), FixedMemoryEngine(1U << 20U));
  expect_clean();
  const FixedMemoryEngine huge(uint64_t{1} << 40U);
  checkers_->on_sample(replica(0), at(1), huge);
  checkers_->on_sample(replica(0), at(2), huge);
  expect_broken("memory");
}

class EngineInEpoch final : public FixedMemoryEngine {
 public:
  explicit EngineInEpoch(uint64_t epoch) : FixedMemoryEngine(0), epoch_(epoch) {}
  [[nodiscard]] consensus::EngineStatus status() const override {
    consensus::EngineStatus status;
    status.epoch = epoch_;
    return status;
  }

 private:
  Epoch epoch_;
};

class RemovalTest : public CheckerTest {
 protected:
  // Of an engine on the base of chains; the last replica is no member of epoch 1.
  void SetUp() override {
    start(Protocol::kTendermint);
    consensus::Membership next{Epoch(1), genesis_.members};
    next.members.pop_back();
    checkers_->on_membership(replica(0), at(0), {next, Height(5)});
  }
  // Every replica in the epoch given, at each second up to `to`.
  void run(int64_t from, int64_t to, std::vector<uint64_t> epochs, TimePoint calm_since = {}) {
    for (int64_t second = from; second <= to; ++second) {
      for (uint32_t i = 0; i < epochs.size(); ++i) {
        checkers_->on_sample(replica(i), at(second * 1'000), EngineInEpoch(epochs[i]));
      }
      ChainPulse pulse;
      pulse.now = at(second * 1'000);
      pulse.calm_since = calm_since;
      checkers_->on_pulse(pulse);
    }
  }
};

TEST_F(RemovalTest, WhoIsRemovedLearnsOfItWithinTheBound) {
  run(0, 4, {1, 1, 1, 0});
  run(5, 60, {1, 1, 1, 1});
  expect_clean();
}

TEST_F(RemovalTest, WhoIsNeverToldIsSeenOnce) {
  run(0, 5, {1, 1, 1, 0});
  expect_clean();
  run(6, 20, {1, 1, 1, 0});
  expect_broken("removal");
}

TEST_F(RemovalTest, NothingIsDemandedDuringFaultsOfTheStoppedOrOfMembersThatLag) {
  run(0, 20, {1, 1, 1, 0}, TimePoint::max());
  expect_clean();
  run(21, 40, {1, 1, 0});  // replica 2 is a member of both, and the one removed is down
  expect_clean();
  checkers_->on_effect(replica(3), at(41'000), consensus::effect::Stopped{}, Ticket(0));
  run(42, 80, {1, 1, 1, 0});
  expect_clean();
}

}  // namespace
}  // namespace govchain::sim
