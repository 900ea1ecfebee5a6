#pragma once
// Where a replica writes what it must not forget before it acts (effect::Persist). A node
// implements it with checksummed segments on disk, a simulation with MemoryLog.

#include <vector>

#include "consensus/log_record.h"
#include "consensus/result.h"
#include "consensus/types.h"
#include "consensus/units.h"

namespace govchain::consensus {

struct LoggedRecord {
  Ticket ticket;
  LogRecordRef record;
};

class WriteAheadLog {
 public:
  virtual ~WriteAheadLog() = default;
  // Tickets are consecutive: `ticket` follows last(). kExhausted if the disk is full (nothing was
  // appended, later appends may succeed), kIo if it failed for good.
  [[nodiscard]] virtual Status append(Ticket ticket, LogRecordRef record) = 0;
  // Makes everything appended so far durable and returns its last ticket. kIo if that is not
  // certain: after a failed sync nothing is known about what was not yet durable, so it must not be
  // tried again.
  [[nodiscard]] virtual Result<Ticket> sync() = 0;
  // Records with tickets below `before` are never needed again. They may stay for a while.
  [[nodiscard]] virtual Status truncate(Ticket before) = 0;
  // Last ticket appended, and last ticket that would survive a crash now.
  [[nodiscard]] virtual Ticket last() const = 0;
  [[nodiscard]] virtual Ticket durable() const = 0;
  // The records that are durable, in ticket order, for RecoveredState. kCorrupt if something before
  // the tail does not match its checksum; a torn tail is what a crash leaves and is dropped.
  [[nodiscard]] virtual Result<std::vector<LoggedRecord>> read_durable() const = 0;
  // Bytes held, framing included.
  [[nodiscard]] virtual Bytes size() const = 0;
};

}  // namespace govchain::consensus
