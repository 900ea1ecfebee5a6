#include "consensus/log_frame.h"

#include <algorithm>
#include <array>
#include <string>

#include "consensus/little_endian.h"

namespace govchain::consensus {

namespace {

// Reserved for a record at once at most: a cohort's bytes count in its size and are not written.
constexpr uint64_t kReservedBytes = 4'096;
constexpr size_t kSlices = 8;
using SliceTables = std::array<std::array<uint32_t, 256>, kSlices>;

// Slicing-by-8 (Kounavis & Berry, 2005): eight table look-ups per eight bytes instead of one
// dependent look-up per byte.
constexpr SliceTables make_tables() {
  constexpr uint32_t kReflectedPolynomial = 0x82F63B78U;
  SliceTables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1U) ^ ((value & 1U) != 0 ? kReflectedPolynomial : 0U);
    }
    tables[0][byte] = value;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t value = tables[slice - 1][byte];
      tables[slice][byte] = (value >> 8U) ^ tables[0][value & 0xFFU];
    }
  }
  return tables;
}

constexpr SliceTables kTables = make_tables();

Error corrupt(const char* what, size_t available) {
  return Error{ErrorCode::kCorrupt, what, "with " + std::to_string(available) + " bytes left"};
}

uint32_t crc32c_by_tables(std::span<const uint8_t> bytes, uint32_t crc) {
  while (bytes.size() >= kSlices) {
    uint32_t value = 0;
    for (size_t i = 0; i < kSlices; ++i) {
      const uint32_t mixed = i < 4 ? (crc >> (8U * i)) & 0xFFU : 0U;
      value ^= kTables[kSlices - 1 - i][bytes[i] ^ mixed];
    }
    crc = value;
    bytes = bytes.subspan(kSlices);
  }
  for (const uint8_t byte : bytes) crc = (crc >> 8U) ^ kTables[0][(crc ^ byte) & 0xFFU];
  return crc;
}

#if defined(__x86_64__)
// The processor's own instruction for this polynomial takes eight bytes at a time.
[[gnu::target("sse4.2")]] uint32_t crc32c_by_processor(std::span<const uint8_t> bytes,
                                                       uint32_t crc) {
  constexpr size_t kWord = 8;
  uint64_t wide = crc;
  for (; bytes.size() >= kWord; bytes = bytes.subspan(kWord)) {
    wide = __builtin_ia32_crc32di(wide, load_little_endian<kWord>(bytes.data()));
  }
  crc = static_cast<uint32_t>(wide);
  for (const uint8_t byte : bytes) crc = __builtin_ia32_crc32qi(crc, byte);
  return crc;
}
#endif

}  // namespace

uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t before) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2") != 0) return ~crc32c_by_processor(bytes, ~before);
#endif
  return ~crc32c_by_tables(bytes, ~before);
}

void encode_frame(Ticket ticket, const LogRecord& record, std::vector<uint8_t>& out_bytes) {
  const size_t start = out_bytes.size();
  // Where frames gather behind each other the buffer's own growth serves better.
  if (start == 0) {
    out_bytes.reserve(kLogFrameBytes + std::min(record.size().count(), kReservedBytes));
  }
  Writer out(out_bytes);
  out.u64(0);  // length and checksum, known below
  out.u16(number_of(version_of(record)));
  out.ordinal(ticket);
  encode_record(record, out_bytes);
  const auto length = static_cast<uint32_t>(out_bytes.size() - start - kLogFrameBytes);
  const uint32_t crc = crc32c(std::span(out_bytes).subspan(start + 8));
  for (unsigned i = 0; i < 4; ++i) {
    out_bytes[start + i] = static_cast<uint8_t>(length >> (8U * i));
    out_bytes[start + 4 + i] = static_cast<uint8_t>(crc >> (8U * i));
  }
}

Result<Frame> decode_frame(HashAlgorithm algorithm, std::span<const uint8_t> bytes,
                           Cohorts cohorts) {
  Reader header(bytes);
  const uint32_t length = header.u32();
  const uint32_t expected_crc = header.u32();
  const uint16_t version = header.u16();
  const auto ticket = header.ordinal<Ticket>();
  const std::span<const uint8_t> encoded = header.raw(length);
  if (!header.ok()) return corrupt("the frame is cut off", bytes.size());
  const size_t frame_length = kLogFrameBytes + length;
  if (crc32c(bytes.subspan(8, frame_length - 8)) != expected_crc) {
    return corrupt("the frame's checksum does not match", bytes.size());
  }
  if (!is_known_version(version)) {
    return Error{ErrorCode::kUnsupported,
                 "a log record of protocol version " + std::to_string(version) +
                     "; this software knows " + known_versions(),
                 "ticket " + std::to_string(ticket.value())};
  }
  Result<LogRecordRef> record = decode_record(algorithm, encoded, cohorts);
  if (!record) return record.error();
  // One record, one encoding.
  if (version != number_of(version_of(**record))) {
    return Error{ErrorCode::kMalformed,
                 "the frame says protocol version " + std::to_string(version) +
                     ", the record in it " + std::to_string(number_of(version_of(**record))),
                 "ticket " + std::to_string(ticket.value())};
  }
  return Frame{LoggedRecord{ticket, *std::move(record)}, frame_length};
}

}  // namespace govchain::consensus
