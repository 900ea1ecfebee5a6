#pragma once
// The write-ahead log of a node: checksummed segments in a folder.
//
// Records that are appended gather in memory; sync() writes them in one piece and makes them
// durable with one fdatasync, however many there are (group commit). Segments are reserved whole
// before their first record, so an append fails for want of room only where a new segment begins,
// and then cleanly. A segment is complete and durable before the next one is created.
//
// Not for several threads: a node gives it a thread of its own, which appends all that has gathered
// while the last sync was under way, and syncs again.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "consensus/crypto/hash.h"
#include "consensus/node/log/folder.h"
#include "consensus/node/log/segment.h"
#include "consensus/units.h"
#include "consensus/write_ahead_log.h"

namespace govchain::consensus::node {

struct SegmentedLogSettings {
  StorageOwner owner;
  HashAlgorithm hash = HashAlgorithm::kSha256;
  // A record that does not fit gets a longer segment.
  Bytes segment{64U << 20U};
};

class SegmentedLog final : public WriteAheadLog {
 public:
  // Opens what is in the folder, or begins a log in an empty one. The torn tail of the last segment
  // is cleared for good: otherwise a record in it, which this replica acts as if it had never
  // written, could be read after the next crash. Errors: kCorrupt (something that had been promised
  // to be there is damaged or missing; the files stay as they are), kUnsupported (version, or
  // another owner's log), kIo, kExhausted.
  [[nodiscard]] static Result<std::unique_ptr<SegmentedLog>> open(
      std::unique_ptr<Folder> folder, const SegmentedLogSettings& settings);

  [[nodiscard]] Status append(Ticket ticket, LogRecordRef record) override;
  [[nodiscard]] Result<Ticket> sync() override;
  [[nodiscard]] Status truncate(Ticket before) override;
  [[nodiscard]] Ticket last() const override { return last_; }
  [[nodiscard]] Ticket durable() const override { return durable_; }
  [[nodiscard]] Result<std::vector<LoggedRecord>> read_durable() const override;
  [[nodiscard]] Bytes size() const override;

  // Makes the newest watermark durable; a sync of the disk if there is one to do. For quiet moments
  // and before the node ends.
  [[nodiscard]] Status settle();

 private:
  struct Segment {
    Ticket first;
    uint64_t end = kSegmentHeaderBytes;  // offset behind its last record, written or gathered
  };

  SegmentedLog(std::unique_ptr<Folder> folder, const SegmentedLogSettings& settings)
      : folder_(std::move(folder)), settings_(settings) {}

  [[nodiscard]] Status recover();
  [[nodiscard]] Status recover_tail(const SegmentContent& content);
  [[nodiscard]] Result<SegmentContent> read(Ticket first) const;
  [[nodiscard]] Status begin_segment(Ticket first, uint64_t frame);
  [[nodiscard]] Status write_gathered();
  [[nodiscard]] Status make_durable();
  [[nodiscard]] Status failed(const Error& error);

  std::unique_ptr<Folder> folder_;
  SegmentedLogSettings settings_;
  std::deque<Segment> segments_;  // the last is written to
  std::unique_ptr<File> file_;    // of the last
  uint64_t reserved_ = 0;         // bytes of the last
  std::vector<uint8_t> gathered_;
  uint64_t written_ = kSegmentHeaderBytes;  // of the last segment: everything before it
  Ticket last_;
  Ticket durable_;
  uint64_t watermark_sequence_ = 0;
  bool unsettled_ = false;  // a watermark was written after the last sync
  std::optional<Error> failure_;
};

}  // namespace govchain::consensus::node
