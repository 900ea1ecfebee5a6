// The checker of histories, and the histories of clients of every engine under faults.

#include "sim/checkers/linearizability.h"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "sim/engine_journal.h"
#include "sim/fuzz/generator.h"
#include "sim/random.h"
#include "sim/world.h"
#include "tests/sim/every_protocol.h"

namespace govchain::sim {
namespace {

using Kind = RegisterOperation::Kind;
using History = std::vector<RegisterOperation>;

RegisterOperation write(uint64_t value, uint64_t called, std::optional<uint64_t> returned) {
  return {Kind::kWrite, value, called, returned};
}
RegisterOperation read(uint64_t value, uint64_t called, uint64_t returned) {
  return {Kind::kRead, value, called, returned};
}

TEST(Linearizability, OfHistoriesKnownToBeSo) {
  EXPECT_EQ(check_register({}), Linearizability::kLinearizable);
  // Herlihy & Wing, figure 1: overlapping operations may happen in either order.
  EXPECT_EQ(check_register({write(1, 0, 10), read(0, 1, 2), read(1, 3, 4), read(1, 11, 12)}),
            Linearizability::kLinearizable);
  // A write that nobody answered may have happened, late or never.
  EXPECT_EQ(check_register({write(1, 0, std::nullopt), read(0, 5, 6), read(1, 7, 8)}),
            Linearizability::kLinearizable);
  EXPECT_EQ(check_register({write(1, 0, std::nullopt), read(0, 5, 6)}),
            Linearizability::kLinearizable);
}

TEST(Linearizability, OfHistoriesKnownNotToBeSo) {
  // Stale: the write had returned.
  EXPECT_EQ(check_register({write(1, 0, 1), read(0, 2, 3)}), Linearizability::kViolated);
  // New value, then the old one.
  EXPECT_EQ(check_register({write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)}),
            Linearizability::kViolated);
  // Never written.
  EXPECT_EQ(check_register({write(1, 0, 1), read(2, 2, 3)}), Linearizability::kViolated);
  // Before it was called.
  EXPECT_EQ(check_register({read(1, 0, 1), write(1, 2, 3)}), Linearizability::kViolated);
  // Two readers that see two writes in different orders.
  EXPECT_EQ(check_register(
                {write(1, 0, 20), write(2, 0, 20), read(1, 1, 2), read(2, 3, 4), read(1, 5, 6)}),
            Linearizability::kViolated);
}

TEST(Linearizability, GivesUpWhereItWasToldTo) {
  History many;
  for (uint64_t i = 1; i <= 14; ++i) {
    many.push_back(write(i, 0, 1'000));
    many.push_back(read(i, 0, 1'000));
  }
  many.push_back(read(99, 10, 20));
  EXPECT_EQ(check_register(many, 1'000), Linearizability::kUndecided);
}

// Every history of a few operations, against trying all their orders.
bool is_linearizable_by_trying(const History& history) {
  std::vector<size_t> order(history.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  do {
    // Some of the operations that were not answered may not have happened: those behind `count`.
    for (size_t count = 0; count <= order.size(); ++count) {
      uint64_t value = 0;
      bool fits = true;
      for (size_t i = 0; i < order.size() && fits; ++i) {
        const RegisterOperation& one = history[order[i]];
        if (i >= count) {
          fits = !one.returned.has_value();
          continue;
        }
        for (size_t k = i + 1; k < order.size(); ++k) {
          const RegisterOperation& later = history[order[k]];
          fits = fits && !(later.returned && *later.returned < one.called);
        }
        if (one.kind == Kind::kRead) fits = fits && one.value == value;
        if (one.kind == Kind::kWrite) value = one.value;
      }
      if (fits) return true;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return false;
}

TEST(Linearizability, AgreesWithTryingEveryOrder) {
  RandomStream random(1, RandomPurpose::kTest, 0);
  int linearizable = 0;
  for (int round = 0; round < 3'000; ++round) {
    History history;
    const uint64_t operations = 1 + random.below(6);
    for (uint64_t i = 0; i < operations; ++i) {
      const uint64_t called = random.below(12);
      const uint64_t returned = called + random.below(8);
      if (random.chance(0.5)) {
        history.push_back(read(random.below(4), called, returned));
      } else {
        history.push_back(write(1 + i % 3, called, returned));
        if (random.chance(0.2)) history.back().returned.reset();
      }
    }
    const bool expected = is_linearizable_by_trying(history);
    linearizable += expected ? 1 : 0;
    ASSERT_EQ(check_register(history) == Linearizability::kLinearizable, expected) << round;
  }
  EXPECT_GT(linearizable, 500);
  EXPECT_LT(linearizable, 2'500);
}

// What clients of one world called and were answered. Calls come in simulated order, so counting
// them is a clock that all replicas share.
class Clients final : public Observer, public EngineJournal {
 public:
  static constexpr uint64_t kRegisters = 4;

  void on_engine(ReplicaAddress /*who*/, consensus::ChainId /*chain*/,
                 const consensus::Engine& /*engine*/) override {}
  void on_step(ReplicaAddress who, TimePoint /*local*/, std::span<const consensus::Input> inputs,
               std::span<const consensus::Effect> /*effects*/,
               const consensus::Engine& /*engine*/) override {
    for (const consensus::Input& input : inputs) {
      const auto* propose = std::get_if<consensus::input::Propose>(&input);
      if (propose == nullptr) continue;
      Write& written = writes_[propose->payload->digest];
      if (written.called == 0) written = {++clock_, std::nullopt, who.replica, ++values_};
    }
  }
  void on_answered(ReplicaAddress who, TimePoint /*now*/, const consensus::Block& block) override {
    for (const consensus::PayloadRef& payload : block.payloads) {
      const auto found = writes_.find(payload->digest);
      if (found == writes_.end() || found->second.ingress != who.replica) continue;
      if (!found->second.returned) found->second.returned = ++clock_;
    }
  }
  void on_executed(ReplicaAddress /*who*/, TimePoint /*now*/, const consensus::Block& block,
                   const consensus::ExecutionResult& /*result*/) override {
    std::vector<consensus::Digest>& digests = blocks_[block.height.value()];
    if (!digests.empty()) return;
    for (const consensus::PayloadRef& payload : block.payloads) {
      digests.push_back(payload->digest);
      // A replica that lies may order what none of these clients asked for, and answers nobody.
      Write& written = writes_[payload->digest];
      if (written.called == 0) written = {++clock_, std::nullopt, kNoIngress, ++values_};
    }
  }
  void on_read(ReplicaAddress who, TimePoint /*now*/, consensus::Token token) override {
    asked_[{who.replica, token.value()}] = ++clock_;
  }
  void on_effect(ReplicaAddress who, TimePoint /*now*/, const consensus::Effect& effect,
                 consensus::Ticket /*durable*/) override {
    const auto* ready = std::get_if<consensus::effect::ReadReady>(&effect);
    if (ready == nullptr) return;
    const auto asked = asked_.extract({who.replica, ready->token.value()});
    if (asked) reads_.push_back({asked.mapped(), ++clock_, ready->height.value()});
  }
  void on_crash(ReplicaAddress who, TimePoint /*now*/) override {
    std::erase_if(asked_, [&](const auto& one) { return one.first.first == who.replica; });
  }

  // Of one register, to which a transaction writes by the first byte of its digest. Every read is a
  // read of every register.
  [[nodiscard]] History history(uint64_t which) const {
    History history;
    for (const auto& [digest, written] : writes_) {
      if (digest.bytes[0] % kRegisters != which) continue;
      history.push_back({Kind::kWrite, written.value, written.called, written.returned});
    }
    for (const Read& one : reads_) {
      history.push_back({Kind::kRead, value_at(one.height, which), one.called, one.returned});
    }
    return history;
  }
  [[nodiscard]] size_t reads() const { return reads_.size(); }

 private:
  static constexpr ReplicaIndex kNoIngress = UINT32_MAX;
  struct Write {
    uint64_t called = 0;
    std::optional<uint64_t> returned;
    ReplicaIndex ingress = 0;
    uint64_t value = 0;
  };
  struct Read {
    uint64_t called = 0;
    uint64_t returned = 0;
    uint64_t height = 0;
  };
  [[nodiscard]] uint64_t value_at(uint64_t height, uint64_t which) const {
    for (auto block = blocks_.upper_bound(height); block != blocks_.begin();) {
      --block;
      for (size_t i = block->second.size(); i-- > 0;) {
        const consensus::Digest& digest = block->second[i];
        if (digest.bytes[0] % kRegisters == which) return writes_.at(digest).value;
      }
    }
    return 0;
  }

  uint64_t clock_ = 0;
  uint64_t values_ = 0;
  std::map<consensus::Digest, Write> writes_;
  std::map<uint64_t, std::vector<consensus::Digest>> blocks_;
  std::map<std::pair<ReplicaIndex, uint64_t>, uint64_t> asked_;
  std::vector<Read> reads_;
};

WorldSpec world_with_reads(consensus::Protocol protocol, uint64_t seed) {
  WorldSpec world = generate_world(protocol, seed);
  RandomStream random(seed, RandomPurpose::kFuzz, 77);
  const auto replicas = world.chains.front().replicas.size();
  for (int i = 0; i < 40; ++i) {
    RequestSpec request;
    request.at = Duration::milliseconds(static_cast<int64_t>(random.below(3'000)));
    request.replica = static_cast<ReplicaIndex>(random.below(replicas));
    world.requests.push_back(request);
  }
  return world;
}

class Histories : public testing::TestWithParam<consensus::Protocol> {};

// A read that returned the last value of its history is made to return the first: if another write
// was answered in between, no order explains it any more.
History with_a_stale_read(History history) {
  uint64_t first = 0;
  for (const RegisterOperation& operation : history) {
    const bool early = operation.kind == Kind::kWrite && operation.returned &&
                       (first == 0 || operation.value < first);
    if (early) first = operation.value;
  }
  for (size_t i = history.size(); i-- > 0;) {
    RegisterOperation& last = history[i];
    if (last.kind != Kind::kRead || last.value == first || last.value == 0) continue;
    last.value = first;
    return history;
  }
  return {};
}

TEST_P(Histories, OfClientsAreLinearizableAndMutatedOnesAreNot) {
  uint64_t reads = 0;
  uint64_t stale = 0;
  uint64_t refused = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Clients clients;
    RunOptions options;
    options.observer = &clients;
    options.journal = &clients;
    const consensus::Result<WorldResult> run =
        run_world(world_with_reads(GetParam(), seed), options);
    ASSERT_TRUE(run.ok()) << run.error().message;
    reads += clients.reads();
    for (uint64_t which = 0; which < Clients::kRegisters; ++which) {
      const History history = clients.history(which);
      EXPECT_EQ(check_register(history), Linearizability::kLinearizable)
          << "seed " << seed << ", register " << which;
      const History mutated = with_a_stale_read(history);
      if (mutated.empty()) continue;
      ++stale;
      refused += check_register(mutated) == Linearizability::kViolated ? 1 : 0;
    }
  }
  EXPECT_GT(reads, 200U);
  EXPECT_GT(stale, 40U);
  // The others had written nothing in between that was answered.
  EXPECT_GT(refused, stale / 2);
}

INSTANTIATE_TEST_SUITE_P(Engines, Histories, testing::ValuesIn(every_protocol()));

}  // namespace
}  // namespace govchain::sim
