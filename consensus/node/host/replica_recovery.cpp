// What a replica begins with.

#include <string>
#include <utility>

#include "consensus/node/host/replica.h"

namespace govchain::consensus::node {

namespace {

std::string number(Height height) { return std::to_string(height.value()); }

// A crash between the store's beginning anew and what follows leaves the fetched state beside an
// older one. It is of no use before that, because the blocks are still the older one's.
Status settle_installation(RocksStateStore& records, const BlockStore& store) {
  const std::optional<StoredState>& staged = records.staged();
  if (!staged) return success();
  const bool begun_anew = staged->height <= store.checkpoint().height;
  const bool newer = !records.current() || records.current()->height < staged->height;
  return begun_anew && newer ? records.adopt() : records.drop_staged();
}

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

  RocksStateStore& stored = *parts.snapshots.records;
  if (const Status settled = settle_installation(stored, store); !settled) return settled.error();
  std::string damage;
  if (const std::optional<StoredState>& current = stored.current()) {
    if (current->height > store.checkpoint().height) {
      return Error{ErrorCode::kCorrupt,
                   "the state is that at height " + number(current->height) +
                       ", and the block store's checkpoint that at " +
                       number(store.checkpoint().height) + ": it has lost what was durable",
                   {}};
    }
    std::unique_ptr<Application> state = parts.genesis();
    const Status restored = state->restore_records(stored);
    if (restored && state->state_root() == current->root) {
      recovered.state = std::move(state);
      recovered.stored = recovered.state->version();
      engine.executed_height = current->height;
    } else if (!restored && restored.error().code == ErrorCode::kIo) {
      return restored.error();
    } else {
      damage = " (the state at " + number(current->height) + ": " +
               (restored ? "its records do not give its root" : restored.error().message) + ")";
    }
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
