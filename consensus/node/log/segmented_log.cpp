#include "consensus/node/log/segmented_log.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "consensus/assert.h"
#include "consensus/log_frame.h"

namespace govchain::consensus::node {

namespace {

// A segment in the making; whatever has this name was never part of the log.
constexpr const char* kNewSegment = "new";

std::string range(Ticket first, Ticket last) {
  return "tickets " + std::to_string(first.value()) + " to " + std::to_string(last.value());
}

}  // namespace

Result<std::unique_ptr<SegmentedLog>> SegmentedLog::open(std::unique_ptr<Folder> folder,
                                                         const SegmentedLogSettings& settings) {
  GOVCHAIN_ASSERT(folder);
  std::unique_ptr<SegmentedLog> log(new SegmentedLog(std::move(folder), settings));
  if (Status recovered = log->recover(); !recovered) return recovered.error();
  return log;
}

Status SegmentedLog::recover() {
  // A process that ended between renaming a segment and syncing the folder left a name that a loss
  // of power would take, with all that is going to be written under it.
  if (Status synced = folder_->sync(); !synced) return synced;
  Result<std::vector<std::string>> names = folder_->list();
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (name == kNewSegment) {
      if (Status removed = folder_->remove(name); !removed) return removed;
      continue;
    }
    const std::optional<Ticket> first = parse_segment_name(name);
    if (!first) {
      return Error{ErrorCode::kCorrupt, "the file is no segment of a log",
                   folder_->place() + "/" + name};
    }
    segments_.push_back(Segment{*first});
  }
  if (segments_.empty()) return begin_segment(Ticket(1), 0);

  for (size_t i = 0; i < segments_.size(); ++i) {
    Result<SegmentContent> content = read(segments_[i].first);
    if (!content) return content.error();
    segments_[i].end = content->end;
    last_ = Ticket(content->next().value() - 1);
    if (i + 1 == segments_.size()) return recover_tail(*content);
    // A segment was complete and durable before the next one was begun.
    if (content->damage) return *content->damage;
    if (content->next() != segments_[i + 1].first) {
      return Error{ErrorCode::kCorrupt,
                   "the next segment begins with ticket " +
                       std::to_string(segments_[i + 1].first.value()) + ", expected " +
                       std::to_string(content->next().value()),
                   folder_->place() + "/" + segment_name(segments_[i].first)};
    }
  }
  return success();
}

Status SegmentedLog::recover_tail(const SegmentContent& content) {
  const std::string name = segment_name(content.header.first);
  const std::string path = folder_->place() + "/" + name;
  if (content.watermark) {
    watermark_sequence_ = content.watermark->sequence;
    // Everything up to the watermark had been synced, so a crash cannot have taken it.
    if (content.watermark->ticket > last_) {
      if (content.damage) return *content.damage;
      return Error{
          ErrorCode::kCorrupt,
          range(content.next(), content.watermark->ticket) + " were durable and are missing", path};
    }
  }
  // A frame with the right checksum is no torn write: it is of a version or a kind that this build
  // does not know, and clearing it would lose it.
  if (content.damage && content.damage->code != ErrorCode::kCorrupt) return *content.damage;

  Result<std::unique_ptr<File>> file = folder_->open(name);
  if (!file) return file.error();
  file_ = *std::move(file);
  const Result<uint64_t> size = file_->size();
  if (!size) return size.error();
  reserved_ = *size;
  // Overwritten, not cut off: that takes no room, so a replica can start on a full disk.
  if (content.used > content.end) {
    const std::vector<uint8_t> zeros(content.used - content.end);
    if (Status cleared = file_->write(content.end, zeros); !cleared) return cleared;
  }
  written_ = content.end;
  // What was read may only have been in the memory of the operating system.
  return make_durable();
}

Result<SegmentContent> SegmentedLog::read(Ticket first) const {
  const std::string name = segment_name(first);
  const std::string path = folder_->place() + "/" + name;
  Result<std::unique_ptr<File>> file = folder_->open(name);
  if (!file) return file.error();
  Result<std::vector<uint8_t>> bytes = (*file)->read(0, std::numeric_limits<uint64_t>::max());
  if (!bytes) return bytes.error();
  Result<SegmentContent> content = read_segment(settings_.hash, path, *bytes);
  if (!content) return content;
  if (content->header.owner != settings_.owner) {
    const StorageOwner& owner = content->header.owner;
    return Error{ErrorCode::kUnsupported,
                 "the log is of replica " + std::to_string(owner.replica.value()) + " of chain " +
                     std::to_string(owner.chain.value()) + ", not of replica " +
                     std::to_string(settings_.owner.replica.value()) + " of chain " +
                     std::to_string(settings_.owner.chain.value()),
                 path};
  }
  if (content->header.first != first) {
    return Error{ErrorCode::kCorrupt,
                 "the header names ticket " + std::to_string(content->header.first.value()) +
                     " as its first, the file's name " + std::to_string(first.value()),
                 path};
  }
  return content;
}

Status SegmentedLog::begin_segment(Ticket first, uint64_t frame) {
  // Under another name until it is whole and durable, so that what has a segment's name is one.
  Result<std::unique_ptr<File>> created = folder_->create(kNewSegment);
  if (!created) return created.error();
  const uint64_t size = std::max(settings_.segment.count(), kSegmentHeaderBytes + frame);
  Status made = (*created)->reserve(size);
  if (made) made = (*created)->write(0, encode_segment_header({settings_.owner, first}));
  if (made) made = (*created)->sync();
  if (!made) {
    const Status removed = folder_->remove(kNewSegment);
    return removed ? made : failed(removed.error());
  }
  // From here on a failure would leave it unknown which segment comes next after a crash.
  const std::string name = segment_name(first);
  if (Status renamed = folder_->rename(kNewSegment, name); !renamed) return failed(renamed.error());
  if (Status synced = folder_->sync(); !synced) return failed(synced.error());
  segments_.push_back(Segment{first});
  file_ = *std::move(created);
  reserved_ = size;
  written_ = kSegmentHeaderBytes;
  watermark_sequence_ = 0;
  unsettled_ = false;
  return success();
}

Status SegmentedLog::append(Ticket ticket, LogRecordRef record) {
  GOVCHAIN_ASSERT(record);
  GOVCHAIN_ASSERT(ticket == last_.next());
  if (failure_) return *failure_;
  const uint64_t frame = record->size().count() + kLogFrameBytes;
  if (segments_.back().end + frame > reserved_) {
    if (Status durable = make_durable(); !durable) return durable;
    if (segments_.back().first == ticket) {
      // Empty and too short: made longer, because another one would have its name.
      if (Status grown = file_->reserve(kSegmentHeaderBytes + frame); !grown) return grown;
      reserved_ = kSegmentHeaderBytes + frame;
    } else if (Status begun = begin_segment(ticket, frame); !begun) {
      return begun;
    }
  }
  const size_t before = gathered_.size();
  encode_frame(ticket, *record, gathered_);
  GOVCHAIN_ASSERT(gathered_.size() - before == frame);
  segments_.back().end += frame;
  last_ = ticket;
  return success();
}

Status SegmentedLog::write_gathered() {
  if (gathered_.empty()) return success();
  // The room was reserved, so whatever goes wrong is no full disk.
  if (Status written = file_->write(written_, gathered_); !written) return failed(written.error());
  written_ += gathered_.size();
  gathered_.clear();
  GOVCHAIN_ASSERT(written_ == segments_.back().end);
  return success();
}

Status SegmentedLog::make_durable() {
  if (failure_) return *failure_;
  if (last_ == durable_) return success();
  if (Status written = write_gathered(); !written) return written;
  if (Status synced = file_->sync(); !synced) return failed(synced.error());
  durable_ = last_;
  ++watermark_sequence_;
  const uint64_t slot = kWatermarkSlots[watermark_sequence_ % std::size(kWatermarkSlots)];
  const Status marked =
      file_->write(slot, encode_watermark(Watermark{watermark_sequence_, durable_}));
  if (!marked) return failed(marked.error());
  unsettled_ = true;
  return success();
}

Result<Ticket> SegmentedLog::sync() {
  if (Status durable = make_durable(); !durable) return durable.error();
  return durable_;
}

Status SegmentedLog::settle() {
  if (Status durable = make_durable(); !durable) return durable;
  if (!unsettled_) return success();
  if (Status synced = file_->sync(); !synced) return failed(synced.error());
  unsettled_ = false;
  return success();
}

Status SegmentedLog::truncate(Ticket before) {
  if (failure_) return *failure_;
  // The oldest first, so that a crash leaves no gap; the segment that is written to stays.
  while (segments_.size() > 1 && segments_[1].first <= before) {
    if (Status removed = folder_->remove(segment_name(segments_.front().first)); !removed) {
      return failed(removed.error());
    }
    segments_.pop_front();
  }
  return success();
}

Result<std::vector<LoggedRecord>> SegmentedLog::read_durable() const {
  std::vector<LoggedRecord> records;
  for (const Segment& segment : segments_) {
    Result<SegmentContent> content = read(segment.first);
    if (!content) return content.error();
    for (LoggedRecord& record : content->records) {
      if (record.ticket > durable_) return records;
      records.push_back(std::move(record));
    }
    if (content->damage && content->next() <= durable_) return *content->damage;
  }
  if (!records.empty() && records.back().ticket != durable_) {
    return Error{ErrorCode::kCorrupt,
                 range(records.back().ticket.next(), durable_) + " were durable and are missing",
                 folder_->place()};
  }
  return records;
}

Bytes SegmentedLog::size() const {
  uint64_t total = 0;
  for (const Segment& segment : segments_) total += segment.end - kSegmentHeaderBytes;
  return Bytes(total);
}

// Nothing is known of a log after this: the replica must stop, and a restart will see what is
// there.
Status SegmentedLog::failed(const Error& error) {
  failure_ = error;
  failure_->code = ErrorCode::kIo;
  return *failure_;
}

}  // namespace govchain::consensus::node
