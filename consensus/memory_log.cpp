#include "consensus/memory_log.h"

#include <string>
#include <utility>

#include "consensus/assert.h"
#include "consensus/log_frame.h"

namespace govchain::consensus {

Status MemoryLog::append(Ticket ticket, LogRecordRef record) {
  GOVCHAIN_ASSERT(record);
  GOVCHAIN_ASSERT(ticket == last_.next());
  Stored stored{ticket, {}, {}, record->size() + Bytes(kLogFrameBytes)};
  if (config_.capacity && size_ + stored.size > *config_.capacity) {
    return Error{ErrorCode::kExhausted,
                 "no room for a record of " + std::to_string(stored.size.count()) +
                     " bytes; the log may hold " + std::to_string(config_.capacity->count()),
                 "ticket " + std::to_string(ticket.value())};
  }
  if (config_.storage == Storage::kEncoded) {
    encode_frame(ticket, *record, stored.frame);
  } else {
    stored.record = std::move(record);
  }
  torn_.clear();
  size_ += stored.size;
  records_.push_back(std::move(stored));
  last_ = ticket;
  return success();
}

Result<Ticket> MemoryLog::sync() {
  durable_ = last_;
  return durable_;
}

Status MemoryLog::truncate(Ticket before) {
  while (!records_.empty() && records_.front().ticket < before) {
    size_ -= records_.front().size;
    records_.pop_front();
  }
  return success();
}

Result<std::vector<LoggedRecord>> MemoryLog::read_durable() const {
  std::vector<LoggedRecord> read;
  read.reserve(records_.size());
  for (const Stored& stored : records_) {
    if (stored.ticket > durable_) break;
    if (config_.storage == Storage::kShared) {
      read.push_back(LoggedRecord{stored.ticket, stored.record});
      continue;
    }
    // Only a simulation keeps a log in memory, and its payloads may be cohorts.
    Result<Frame> frame = decode_frame(config_.hash, stored.frame, Cohorts::kAllowed);
    if (!frame) {
      return Error{ErrorCode::kCorrupt, frame.error().message,
                   "record of ticket " + std::to_string(stored.ticket.value())};
    }
    GOVCHAIN_ASSERT(frame->logged.ticket == stored.ticket);
    GOVCHAIN_ASSERT(frame->length == stored.frame.size());
    read.push_back(frame->logged);
  }
  // A torn tail must not read as a record.
  GOVCHAIN_ASSERT(torn_.empty() || !decode_frame(config_.hash, torn_, Cohorts::kAllowed));
  return read;
}

void MemoryLog::mark_durable(Ticket ticket) {
  GOVCHAIN_ASSERT(ticket <= last_);
  if (ticket > durable_) durable_ = ticket;
}

void MemoryLog::crash(uint64_t surviving, uint64_t torn) {
  const Ticket survived = durable_ + surviving;
  while (!records_.empty() && records_.back().ticket > survived) {
    Stored& lost = records_.back();
    size_ -= lost.size;
    if (lost.ticket == survived.next() && config_.storage == Storage::kEncoded) {
      torn_ = std::move(lost.frame);
      if (torn < torn_.size()) {
        torn_.resize(torn);
      } else {
        torn_.pop_back();
      }
    }
    records_.pop_back();
  }
  if (last_ > survived) last_ = survived;
  durable_ = last_;
}

void MemoryLog::flip_bit(Ticket ticket, size_t bit) {
  for (Stored& stored : records_) {
    if (stored.ticket != ticket) continue;
    GOVCHAIN_ASSERT(bit / 8 < stored.frame.size());
    stored.frame[bit / 8] = static_cast<uint8_t>(stored.frame[bit / 8] ^ (1U << (bit % 8)));
  }
}

}  // namespace govchain::consensus
