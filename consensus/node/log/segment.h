#pragma once
// One file of a log, as bytes.
//
//   0      header: magic, format version, chain, replica, first ticket, CRC-32C of these
//   512    watermark, written in turn with the next one
//   1,024  watermark
//   4,096  frames (consensus/log_frame.h) one after the other, then zeros to the reserved size
//
// A watermark says up to which ticket a sync had come through when it was written. It is written
// after that sync and becomes durable with the next one, so it costs no sync of its own; on a quiet
// log SegmentedLog::settle makes it durable. It is what tells rot from a torn tail: a damaged frame
// at or below it had been promised to be there, one above it never was. A sector is written whole
// or not at all, so of two watermarks in sectors of their own a crash can spoil one.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/node/storage_owner.h"
#include "consensus/result.h"
#include "consensus/types.h"
#include "consensus/write_ahead_log.h"

namespace govchain::consensus::node {

inline constexpr uint32_t kSegmentVersion = 1;
inline constexpr uint64_t kSegmentHeaderBytes = 4'096;
inline constexpr uint64_t kWatermarkSlots[] = {512, 1'024};

struct SegmentHeader {
  StorageOwner owner;
  Ticket first;  // that its first frame has, or will have
};

struct Watermark {
  uint64_t sequence = 0;  // the greater one of two is the newer
  Ticket ticket;          // durable up to here
};

// "00000000000004d2.segment" for first ticket 1234, so that names sort as tickets do.
[[nodiscard]] std::string segment_name(Ticket first);
[[nodiscard]] std::optional<Ticket> parse_segment_name(const std::string& name);

[[nodiscard]] std::vector<uint8_t> encode_segment_header(const SegmentHeader& header);
[[nodiscard]] std::vector<uint8_t> encode_watermark(const Watermark& watermark);

// What a segment holds, read from its first byte to its last.
struct SegmentContent {
  SegmentHeader header;
  std::optional<Watermark> watermark;   // the newest that is whole; none was written in a new one
  std::vector<LoggedRecord> records;    // consecutive from header.first
  uint64_t end = kSegmentHeaderBytes;   // offset behind the last of them
  uint64_t used = kSegmentHeaderBytes;  // offset behind the last byte that is not zero
  // What stopped the reading before the zeros of a reserved tail, if something did.
  std::optional<Error> damage;

  // The first ticket that is not here.
  [[nodiscard]] Ticket next() const { return header.first + records.size(); }
};

// kCorrupt if header or both watermarks are damaged, kUnsupported if the version is another.
// `name` of the file goes into errors.
[[nodiscard]] Result<SegmentContent> read_segment(HashAlgorithm hash, const std::string& name,
                                                  std::span<const uint8_t> bytes);

}  // namespace govchain::consensus::node
