// What a replica begins with.

#include <algorithm>
#include <string>
#include <utility>

#include "consensus/node/host/replica.h"

namespace govchain::consensus::node {

namespace {

std::string number(Height height) { return std::to_string(height.value()); }

}  // namespace

Result<RecoveredReplica> recover(const ReplicaParts& parts) {
  RecoveredReplica recovered;
  const WriteAheadLog& log = *parts.storage.log;
  const BlockStore& store = *parts.storage.store;
  Result<std::vector<LoggedRecord>> records = log.read_durable();
  if (!records) return records.error();
  RecoveredState& engine = recovered.engine;
  engine.records.reserve(records->size());
  for (LoggedRecord& logged : *records) engine.records.push_back(std::move(logged.record));
  engine.last_ticket = log.last();
  engine.checkpoint = store.checkpoint();
  engine.fresh = log.last() == Ticket() && store.newest() == Height();
  recovered.state = parts.genesis();

  // A state above the stored checkpoint may be of blocks that the log has lost, and others will
  // stand in their place; or of an installation that did not come to its end.
  if (const Status removed = parts.snapshots->remove_above(store.checkpoint().height); !removed) {
    return removed.error();
  }
  std::string damage;
  const std::vector<Height>& heights = parts.snapshots->heights();
  for (auto height = heights.rbegin(); height != heights.rend(); ++height) {
    Result<StoredSnapshot> snapshot = parts.snapshots->read(*height);
    if (!snapshot) {
      if (snapshot.error().code != ErrorCode::kCorrupt) return snapshot.error();
      damage += " (" + snapshot.error().where + ": " + snapshot.error().message + ")";
      continue;
    }
    std::unique_ptr<Application> state = parts.genesis();
    const Status restored = state->restore(snapshot->state);
    if (!restored || state->state_root() != snapshot->header.root) {
      damage += " (the state at " + number(*height) + " does not give its root)";
      continue;
    }
    recovered.state = std::move(state);
    engine.executed_height = *height;
    break;
  }
  engine.state_root = recovered.state->state_root();
  if (engine.executed_height < store.newest() && store.oldest() > engine.executed_height.next()) {
    return Error{ErrorCode::kCorrupt,
                 "the newest usable state is that at height " + number(engine.executed_height) +
                     ", and the block store begins at " + number(store.oldest()) +
                     ": the blocks between are gone" + damage,
                 {}};
  }
  if (engine.executed_height > store.newest()) {
    return Error{ErrorCode::kCorrupt,
                 "the state is that at height " + number(engine.executed_height) +
                     ", the block store ends at " + number(store.newest()),
                 {}};
  }
  store.load(engine.executed_height.next(), UINT32_MAX, Bytes(UINT64_MAX), engine.blocks);
  const uint64_t expected = store.newest().value() - engine.executed_height.value();
  if (engine.blocks.size() != expected) {
    return Error{ErrorCode::kCorrupt,
                 "of " + std::to_string(expected) + " blocks above height " +
                     number(engine.executed_height) + " the store gave " +
                     std::to_string(engine.blocks.size()),
                 {}};
  }
  return recovered;
}

}  // namespace govchain::consensus::node
