#include "consensus/node/log/segment.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "consensus/log_frame.h"

namespace govchain::consensus::node {

namespace {

constexpr std::string_view kMagic = "govclog\n";
constexpr std::string_view kSuffix = ".segment";
constexpr size_t kNameDigits = 16;
constexpr size_t kHeaderFields = 8 + 4 + 8 + 4 + 8;  // then their checksum
constexpr size_t kWatermarkFields = 8 + 8;           // likewise

void append_checksum(std::vector<uint8_t>& bytes) {
  const uint32_t checksum = crc32c(bytes);
  Writer(bytes).u32(checksum);
}

bool is_zero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

Result<SegmentHeader> read_header(const std::string& name, std::span<const uint8_t> bytes) {
  if (bytes.size() < kSegmentHeaderBytes) {
    return Error{ErrorCode::kCorrupt,
                 "the file has " + std::to_string(bytes.size()) + " bytes, its header takes " +
                     std::to_string(kSegmentHeaderBytes),
                 name};
  }
  Reader in(bytes);
  const std::span<const uint8_t> magic = in.raw(kMagic.size());
  const uint32_t version = in.u32();
  SegmentHeader header;
  header.owner.chain = in.ordinal<ChainId>();
  header.owner.replica = in.replica();
  header.first = in.ordinal<Ticket>();
  if (!std::equal(magic.begin(), magic.end(), kMagic.begin(), kMagic.end(),
                  [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }) ||
      in.u32() != crc32c(bytes.first(kHeaderFields))) {
    return Error{ErrorCode::kCorrupt, "the header's checksum does not match", name};
  }
  if (version != kSegmentVersion) {
    return Error{ErrorCode::kUnsupported,
                 "log format " + std::to_string(version) + "; this build reads " +
                     std::to_string(kSegmentVersion),
                 name};
  }
  return header;
}

Result<std::optional<Watermark>> read_watermark(const std::string& name,
                                                std::span<const uint8_t> bytes) {
  std::optional<Watermark> newest;
  size_t damaged = 0;
  for (const uint64_t slot : kWatermarkSlots) {
    const std::span<const uint8_t> stored = bytes.subspan(slot, kWatermarkFields + 4);
    if (is_zero(stored)) continue;
    Reader in(stored);
    Watermark watermark;
    watermark.sequence = in.u64();
    watermark.ticket = in.ordinal<Ticket>();
    if (in.u32() != crc32c(stored.first(kWatermarkFields))) {
      ++damaged;
      continue;
    }
    if (!newest || watermark.sequence > newest->sequence) newest = watermark;
  }
  if (damaged == std::size(kWatermarkSlots)) {
    return Error{ErrorCode::kCorrupt,
                 "both watermarks are damaged, and a crash damages one at most", name};
  }
  return newest;
}

}  // namespace

std::string segment_name(Ticket first) {
  char digits[kNameDigits];
  const auto written = std::to_chars(digits, digits + kNameDigits, first.value(), 16);
  const std::string number(digits, written.ptr);
  return std::string(kNameDigits - number.size(), '0') + number + std::string(kSuffix);
}

std::optional<Ticket> parse_segment_name(const std::string& name) {
  if (name.size() != kNameDigits + kSuffix.size()) return std::nullopt;
  uint64_t value = 0;
  const char* end = name.data() + kNameDigits;
  const auto read = std::from_chars(name.data(), end, value, 16);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  const Ticket first(value);
  if (segment_name(first) != name) return std::nullopt;  // capital digits, another ending
  return first;
}

std::vector<uint8_t> encode_segment_header(const SegmentHeader& header) {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  for (const char letter : kMagic) out.u8(static_cast<uint8_t>(letter));
  out.u32(kSegmentVersion);
  out.ordinal(header.owner.chain);
  out.replica(header.owner.replica);
  out.ordinal(header.first);
  append_checksum(bytes);
  return bytes;
}

std::vector<uint8_t> encode_watermark(const Watermark& watermark) {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  out.u64(watermark.sequence);
  out.ordinal(watermark.ticket);
  append_checksum(bytes);
  return bytes;
}

Result<SegmentContent> read_segment(HashAlgorithm hash, const std::string& name,
                                    std::span<const uint8_t> bytes) {
  Result<SegmentHeader> header = read_header(name, bytes);
  if (!header) return header.error();
  Result<std::optional<Watermark>> watermark = read_watermark(name, bytes);
  if (!watermark) return watermark.error();
  SegmentContent content;
  content.header = *header;
  content.watermark = *watermark;
  while (content.end < bytes.size()) {
    const std::span<const uint8_t> rest = bytes.subspan(content.end);
    // No frame begins with a length of zero: a record's encoding has six bytes at least.
    if (rest.size() < kLogFrameBytes || is_zero(rest.first(kLogFrameBytes))) break;
    Result<Frame> frame = decode_frame(hash, rest);
    Ticket expected = content.next();
    if (frame && frame->logged.ticket != expected) {
      frame = Error{
          ErrorCode::kCorrupt, "found ticket " + std::to_string(frame->logged.ticket.value()), {}};
    }
    if (!frame) {
      content.damage = Error{frame.error().code, frame.error().message,
                             name + ", byte " + std::to_string(content.end) + ", ticket " +
                                 std::to_string(expected.value())};
      break;
    }
    content.end += frame->length;
    content.records.push_back(frame->logged);
  }
  content.used = content.end;
  for (uint64_t i = bytes.size(); i > content.end; --i) {
    if (bytes[i - 1] == 0) continue;
    content.used = i;
    break;
  }
  return content;
}

}  // namespace govchain::consensus::node
