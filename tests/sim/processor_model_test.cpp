// What a machine's measurements say of a replica's threads.

#include "sim/host/processor_model.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/protocols.h"
#include "sim/world.h"
#include "tests/sim/measured_machine.h"
#include "tests/sim/world_fixture.h"

namespace govchain::sim {
namespace {

using consensus::HashAlgorithm;
using consensus::Protocol;
using consensus::SignatureScheme;

constexpr Duration ns(int64_t count) { return Duration::nanoseconds(count); }

consensus::Result<ProcessorModel> model_of(const Measurements& measured) {
  return ProcessorModel::make(measured, consensus::traits_of(Protocol::kPbft), 5,
                              SignatureScheme::kEd25519, HashAlgorithm::kSha256);
}

// A pre-prepare with so many payloads, as it comes.
consensus::Input proposal(size_t payloads) {
  auto block = consensus::Ref<consensus::Block>::make();
  for (size_t i = 0; i < payloads; ++i) {
    const std::vector<uint8_t> bytes(64, static_cast<uint8_t>(i));
    block->payloads.push_back(consensus::make_payload(HashAlgorithm::kSha256, bytes, 1));
  }
  auto message = consensus::Ref<consensus::Message>::make();
  const auto& traits = consensus::traits_of(Protocol::kPbft);
  while (traits.message_name(message->type) != "pre-prepare") ++message->type;
  message->block = std::move(block);
  return consensus::input::MessageReceived{consensus::ReplicaId(0), std::move(message)};
}

TEST(ProcessorModel, TakesTheNearestNumberOfReplicasThatWasMeasured) {
  const auto model = model_of(round_measurements());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->step(proposal(1)), ns(1'000));
}

TEST(ProcessorModel, DrawsALineThroughOneAndAHundredPayloads) {
  const auto model = model_of(round_measurements());
  ASSERT_TRUE(model);
  EXPECT_EQ(model->step(proposal(100)), ns(10'000));
  EXPECT_EQ(model->step(proposal(45)), ns(5'000));
}

TEST(ProcessorModel, TakesAwakeningsOutOfWhatAVoteCostsAlone) {
  const auto model = model_of(round_measurements());
  ASSERT_TRUE(model);
  // 20 + 22 less three awakenings of 5 and what either costs among 64.
  EXPECT_EQ(model->send.once + model->receive.once, ns(25'000));
  EXPECT_EQ(model->send.each, ns(1'000));
}

TEST(ProcessorModel, TellsARecordFromItsSync) {
  const auto model = model_of(round_measurements());
  ASSERT_TRUE(model);
  EXPECT_EQ(model->log.each, ns(800));
  EXPECT_EQ(model->log.once, ns(79'200));
}

TEST(ProcessorModel, TransactionsOfLargeBlocksAreCheaper) {
  const auto model = model_of(round_measurements());
  ASSERT_TRUE(model);
  EXPECT_EQ(model->execute("evidence", 1, Bytes(128), 1, 1, Bytes(0)), ns(40'000));
  EXPECT_EQ(model->execute("evidence", 1, Bytes(128), 30, 30, Bytes(0)), ns(330'000));
  EXPECT_EQ(model->execute("evidence", 1, Bytes(128), 1'000, 1'000, Bytes(0)), ns(10'000'000));
  // What was not measured by name is a factor of what was.
  EXPECT_EQ(model->execute("", 2, Bytes(128), 500, 500, Bytes(0)), ns(10'000'000));
}

TEST(ProcessorModel, TransactionsOnALargeStateAreDearer) {
  Measurements measured = round_measurements();
  const Duration twice = ns(20'000);
  for (const char* size : {"1", "30", "500"}) {
    measured.rows.push_back({"execute large",
                             {{"contract", "evidence"}, {"transactions", size}},
                             {twice, twice, twice, twice, twice, twice, twice}});
  }
  const auto model = model_of(measured);
  ASSERT_TRUE(model);
  const auto on = [&](uint64_t records) {
    const Bytes state = Bytes(ProcessorModel::kBytesPerMeasuredRecord) * records;
    return model->execute("evidence", 1, Bytes(128), 500, 500, state);
  };
  EXPECT_EQ(on(0), ns(5'000'000));
  EXPECT_EQ(on(10'000), ns(5'000'000));
  // A tenth of the way from ten thousand to a million records is half of the way of its logarithm.
  EXPECT_NEAR(static_cast<double>(on(100'000).nanoseconds()), 7.5e6, 0.1e6);
  EXPECT_EQ(on(1'000'000), ns(10'000'000));
  EXPECT_EQ(on(50'000'000), ns(10'000'000));
}

TEST(ProcessorModel, NamesWhatIsMissing) {
  Measurements measured = round_measurements();
  std::erase_if(measured.rows, [](const MeasuredRow& row) { return row.what == "serve"; });
  const auto model = model_of(measured);
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("serve separate"), std::string::npos)
      << model.error().message;
}

// --- Worlds

// Four replicas and their clients on one machine.
WorldSpec one_machine(double rate) {
  WorldSpec world = test::small_world(Protocol::kPbft, 4, Duration::milliseconds(1));
  world.duration = Duration::seconds(3);
  world.warmup = Duration::seconds(1);
  world.chains[0].engine.batch_delay = Duration::milliseconds(5);
  for (ReplicaIndex i = 0; i < 4; ++i) test::add_load(world, rate / 4, i);
  for (HostSpec& host : world.hosts) host.profile = measured_machine();
  for (size_t i = 1; i < world.hosts.size(); ++i) world.hosts[i].machine = 0;
  for (LoadSpec& load : world.loads) load.clients_on = 0;
  return world;
}

TEST(MeasuredWorld, CommitsWhatIsOfferedAndBreaksNoRule) {
  const auto result = run_world(one_machine(200));
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->violations.empty());
  EXPECT_GT(result->chains[0].transactions.committed, 0U);
  EXPECT_EQ(result->chains[0].transactions.refused, 0U);
}

TEST(MeasuredWorld, IsTheSameEachTime) {
  const auto one = run_world(one_machine(200));
  const auto two = run_world(one_machine(200));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->digest, two->digest);
}

TEST(MeasuredWorld, UsesMoreOfAMachineThatMoreShare) {
  WorldSpec apart = one_machine(200);
  for (HostSpec& host : apart.hosts) host.machine.reset();
  const auto together = run_world(one_machine(200));
  const auto alone = run_world(apart);
  ASSERT_TRUE(together && alone);
  EXPECT_GT(together->chains[0].cpu_utilisation, 2 * alone->chains[0].cpu_utilisation);
}

TEST(MeasuredWorld, IsSaturatedByMoreThanItsCoresCanDo) {
  const auto result = run_world(one_machine(20'000));
  ASSERT_TRUE(result);
  EXPECT_GT(result->chains[0].cpu_utilisation, 0.98);
  EXPECT_TRUE(result->violations.empty());
}

TEST(MeasuredWorld, SurvivesACrashAndAPause) {
  WorldSpec world = one_machine(200);
  FaultSpec fault;
  fault.at = world.warmup;
  fault.duration = Duration::milliseconds(300);
  fault.group = {1};
  world.faults.push_back(fault);
  fault.kind = FaultSpec::Kind::kPause;
  fault.at += Duration::milliseconds(600);
  fault.group = {2};
  world.faults.push_back(fault);
  const auto result = run_world(world);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->violations.empty());
}

TEST(MeasuredWorld, RefusesAMachineWhoseMeasurementsLackSomething) {
  WorldSpec world = one_machine(200);
  auto measured = std::make_shared<Measurements>(round_measurements());
  std::erase_if(measured->rows, [](const MeasuredRow& row) { return row.what == "state"; });
  world.hosts[0].profile.measurements = std::move(measured);
  const auto result = run_world(world);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().where, "hosts[0].profile.measurements");
}

}  // namespace
}  // namespace govchain::sim
