// What a replica lived through, lived again by a fresh engine of the same archive.

#include "consensus/node/journal/replay.h"

#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/node/files/descriptor.h"
#include "tests/consensus/node/host/network.h"

namespace govchain::consensus::node {
namespace {

using consensus::testing::RandomSource;
using testing::Machine;
using testing::MachineSettings;
using testing::Network;
using testing::settings_for;

std::vector<uint8_t> read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// Puts the device that is always full in the place of a file that this process has open.
bool fill_up(const std::string& path) {
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  for (const auto& open : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(open.path(), gone) != path) continue;
    return ::dup2(full.number(), std::stoi(open.path().filename().string())) >= 0;
  }
  return false;
}

class Lives : public ::testing::TestWithParam<const ProtocolTraits*> {
 protected:
  [[nodiscard]] Result<ReplayResult> replay(const std::string& path, const Machine& machine) const {
    return replay_life(path, GetParam()->protocol, machine.engine_config(), ProtocolSettings{});
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, Lives, ::testing::ValuesIn(protocols()),
                         [](const auto& test) { return std::string(test.param->name); });

// Order, power failures and a state taken over included.
TEST_P(Lives, OfRealReplicasGiveTheSameEffectsAgainByteForByte) {
  MachineSettings settings = settings_for(*GetParam());
  settings.checkpoint_interval = 2;
  settings.retained_blocks = 2;
  Network network(settings);
  RandomSource random(4);
  network.start_all();
  (void)network.order(0, 0);
  const size_t last = network.size() - 1;
  network[last].kill(random);
  for (uint64_t i = 1; i <= 8; ++i) (void)network.order(0, i);
  network.start_all();
  ASSERT_TRUE(network[last].wait_until_overtaken());
  (void)network.order(1, 9);
  uint64_t steps = 0;
  for (size_t i = 0; i < network.size(); ++i) {
    network[i].shut_down();
    const std::vector<std::string> lives = network[i].lives();
    EXPECT_EQ(lives.size(), i == last ? 2U : 1U);
    // The seed of each life is its own; the rest of the configuration is the chain's.
    for (const std::string& life : lives) {
      const Result<ReplayResult> lived = replay(life, network[i]);
      ASSERT_TRUE(lived.ok()) << lived.error().where << ": " << lived.error().message;
      EXPECT_FALSE(lived->differs_at) << "at " << i << ", step " << *lived->differs_at;
      EXPECT_FALSE(lived->torn);
      EXPECT_GT(lived->steps, 2U);
      steps += lived->steps;
    }
  }
  EXPECT_GT(steps, 100U);
}

// Otherwise the test above could not fail.
TEST_P(Lives, ThatWereChangedAreNoticed) {
  Network network(settings_for(*GetParam()));
  network.start_all();
  for (uint64_t i = 0; i < 4; ++i) (void)network.order(0, i);
  network[0].shut_down();
  const std::string path = network[0].lives().at(0);
  const std::vector<uint8_t> bytes = read_bytes(path);
  const Result<ReplayResult> whole = replay(path, network[0]);
  ASSERT_TRUE(whole.ok());

  // Another seed, another weight: another life.
  EngineConfig other = network[0].engine_config();
  other.max_block_transactions = 1;
  other.batch_delay = Duration::seconds(5);
  other.genesis.members.pop_back();
  const Result<ReplayResult> changed =
      replay_life(path, GetParam()->protocol, other, ProtocolSettings{});
  ASSERT_TRUE(changed.ok());
  EXPECT_TRUE(changed->differs_at);

  // Cut off, as a crash does, or rotten: what is before it counts.
  std::vector<uint8_t> cut = bytes;
  cut.resize(bytes.size() - 5);
  write_bytes(path, cut);
  const Result<ReplayResult> torn = replay(path, network[0]);
  ASSERT_TRUE(torn.ok());
  EXPECT_TRUE(torn->torn);
  EXPECT_EQ(torn->steps, whole->steps - 1);
  std::vector<uint8_t> rotten = bytes;
  rotten[bytes.size() - 10] ^= 1U;
  write_bytes(path, rotten);
  EXPECT_TRUE(replay(path, network[0])->torn);
  // What is no journal at all.
  write_bytes(path, {1, 2, 3});
  EXPECT_EQ(replay(path, network[0]).error().code, ErrorCode::kMalformed);
  rotten = bytes;
  rotten[8] = 9;
  write_bytes(path, rotten);
  EXPECT_EQ(replay(path, network[0]).error().code, ErrorCode::kUnsupported);
}

TEST(Journal, ThatCannotBeWrittenIsToldOfOnceAndTheReplicaGoesOn) {
  Network network(MachineSettings{});
  network.start_all();
  (void)network.order(0, 0);
  ASSERT_TRUE(fill_up(network[0].lives().back()));
  for (uint8_t i = 0; i < 4; ++i) {
    const std::vector<uint8_t> large(200'000, i);
    const PayloadRef payload = make_payload(HashAlgorithm::kSha256, large, 1);
    network[0].replica().propose(payload);
    ASSERT_TRUE(network[0].wait_until_answered(payload->digest));
  }
  ASSERT_TRUE(network[0].wait_until_journal_failed());
  (void)network.order(0, 1);
  network[0].shut_down();
  ASSERT_EQ(network[0].journal_failures().size(), 1U);
  EXPECT_EQ(network[0].journal_failures()[0].code, ErrorCode::kExhausted);
  EXPECT_NE(network[0].journal_failures()[0].where.find(".life"), std::string::npos);
  EXPECT_TRUE(network[1].journal_failures().empty());
}

}  // namespace
}  // namespace govchain::consensus::node
