// What a replica makes of its log after a crash, record by record.

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/raft/configuration_history.h"
#include "consensus/raft/engine.h"
#include "consensus/raft/records.h"

namespace govchain::consensus::raft {
namespace {

EngineConfig three_replicas() {
  EngineConfig config;
  for (uint32_t i = 0; i < 3; ++i) config.genesis.members.push_back(Member{ReplicaId(i), 1, {}});
  return config;
}

BlockRef block_at(Height height) {
  Ref<Block> block = Ref<Block>::make();
  block->height = height;
  block->view = View(1);
  seal_block(HashAlgorithm::kSha256, *block);
  return BlockRef(std::move(block));
}

LogRecordRef base_at(RecordType type, Height height) {
  const ConfigurationHistory history(three_replicas().genesis);
  return LogRecordRef(make_base_record(
      type, BaseRecord{height, View(1), Height(1), height.next(), history.latest(), {}}));
}

struct Started {
  std::unique_ptr<Engine> engine;
  bool stopped = false;
};

// With the state at `executed`.
Started start(std::vector<LogRecordRef> records, Height executed) {
  RecoveredState recovered;
  recovered.fresh = false;
  recovered.last_ticket = Ticket(records.size());
  recovered.records = std::move(records);
  recovered.executed_height = executed;
  recovered.checkpoint.height = executed;
  Started started;
  started.engine = make_raft(three_replicas(), RaftConfig{}, std::move(recovered));
  EffectSink sink;
  started.engine->step(TimePoint{}, {}, sink);
  started.stopped = std::any_of(
      sink.effects().begin(), sink.effects().end(),
      [](const Effect& effect) { return std::holds_alternative<effect::Stopped>(effect); });
  return started;
}

// While a snapshot is fetched and installed the checkpoint before it may become stable here, and is
// recorded after the record that announces the installation.
TEST(RaftRecovery, CheckpointRecordedDuringAnInstallationDoesNotTakeTheLogBack) {
  const LogRecordRef term(make_hard_state_record(HardState{View(1), std::nullopt, Height(0)}));
  const LogRecordRef entry(make_entry_record(block_at(Height(1))));
  const Started started = start({term, entry, base_at(RecordType::kInstallation, Height(2)),
                                 base_at(RecordType::kBase, Height(1))},
                                Height(2));
  EXPECT_FALSE(started.stopped);
  EXPECT_EQ(started.engine->status().committed, Height(2));
  EXPECT_EQ(started.engine->status().proposed, Height(2));
}

// The same records, but the crash came before the installation.
TEST(RaftRecovery, InstallationThatDidNotHappenLeavesTheLogAsItWas) {
  const LogRecordRef term(make_hard_state_record(HardState{View(1), std::nullopt, Height(1)}));
  const LogRecordRef entry(make_entry_record(block_at(Height(1))));
  const Started started = start({term, entry, base_at(RecordType::kInstallation, Height(2)),
                                 base_at(RecordType::kBase, Height(1))},
                                Height(1));
  EXPECT_FALSE(started.stopped);
  EXPECT_EQ(started.engine->status().committed, Height(1));
  EXPECT_EQ(started.engine->status().proposed, Height(1));
}

// A state that no record leads to: entries were lost that this replica has acknowledged.
TEST(RaftRecovery, LogThatEndsBelowTheStateStopsTheReplica) {
  const LogRecordRef term(make_hard_state_record(HardState{View(1), std::nullopt, Height(1)}));
  const LogRecordRef entry(make_entry_record(block_at(Height(1))));
  EXPECT_TRUE(start({term, entry}, Height(2)).stopped);
}

}  // namespace
}  // namespace govchain::consensus::raft
