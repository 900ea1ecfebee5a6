#include "consensus/node/transport/frame.h"

#include <algorithm>
#include <string>

#include "consensus/kept_room.h"
#include "consensus/little_endian.h"

namespace govchain::consensus::node {

namespace {

constexpr uint8_t kMore = 1;

Error malformed(std::string what) { return Error{ErrorCode::kMalformed, std::move(what), ""}; }

}  // namespace

EncodedHeader encode_header(const FrameHeader& header) {
  EncodedHeader bytes;
  store_little_endian<4>(header.length, bytes.data());
  bytes[4] = static_cast<uint8_t>(header.channel);
  bytes[5] = header.more ? kMore : 0;
  store_little_endian<2>(kFramingVersion, bytes.data() + 6);
  return bytes;
}

Result<FrameHeader> decode_header(const EncodedHeader& bytes) {
  const uint64_t version = load_little_endian<2>(bytes.data() + 6);
  if (version != kFramingVersion) {
    return malformed("framing of version " + std::to_string(version) + "; this software knows " +
                     std::to_string(kFramingVersion));
  }
  if (bytes[4] > static_cast<uint8_t>(Channel::kHeartbeat)) {
    return malformed("a frame on channel " + std::to_string(bytes[4]));
  }
  if (bytes[5] > kMore) return malformed("a frame with flags " + std::to_string(bytes[5]));
  FrameHeader header;
  header.length = static_cast<uint32_t>(load_little_endian<4>(bytes.data()));
  header.channel = static_cast<Channel>(bytes[4]);
  header.more = bytes[5] == kMore;
  if (header.length > kChunkBytes) {
    return malformed("a chunk of " + std::to_string(header.length) + " bytes; at most " +
                     std::to_string(kChunkBytes) + " are read");
  }
  // It would cost the reader and move nothing.
  if (header.more && header.length == 0) return malformed("an empty chunk before the last");
  if (header.channel == Channel::kHeartbeat && (header.more || header.length != 0)) {
    return malformed("a heartbeat with content");
  }
  return header;
}

Status FrameReader::begin_chunk() {
  const Result<FrameHeader> header = decode_header(header_);
  if (!header) return header.error();
  chunk_ = *header;
  bool& cut = cut_[static_cast<size_t>(chunk_.channel)];
  if (chunk_.more) cut = true;
  if (cut) cut_bytes_ += chunk_.length;
  if (chunk_.length > frame_limit_ || cut_bytes_ > frame_limit_) {
    return malformed("frames of more than " + std::to_string(frame_limit_) + " bytes");
  }
  header_filled_ = 0;
  left_ = chunk_.length;
  in_chunk_ = true;
  return success();
}

void FrameReader::end_chunk(FrameSink& sink) {
  in_chunk_ = false;
  if (chunk_.more) return;
  std::vector<uint8_t>& frame = partial();
  bool& cut = cut_[static_cast<size_t>(chunk_.channel)];
  if (cut) cut_bytes_ -= frame.size();
  cut = false;
  sink.on_frame(chunk_.channel, frame);
  clear_for_reuse(frame);
}

Status FrameReader::feed(std::span<const uint8_t> bytes, FrameSink& sink) {
  GOVCHAIN_ASSERT(!broken_);
  while (!bytes.empty()) {
    if (!in_chunk_) {
      const size_t taken = std::min(kFrameHeaderBytes - header_filled_, bytes.size());
      std::copy_n(bytes.begin(), taken, header_.begin() + static_cast<ptrdiff_t>(header_filled_));
      header_filled_ += taken;
      bytes = bytes.subspan(taken);
      if (header_filled_ < kFrameHeaderBytes) return success();
      if (Status begun = begin_chunk(); !begun) {
        broken_ = true;
        return begun;
      }
      if (left_ == 0) end_chunk(sink);
      continue;
    }
    const bool whole = left_ == chunk_.length && left_ <= bytes.size() && !chunk_.more &&
                       !cut_[static_cast<size_t>(chunk_.channel)];
    const std::span<const uint8_t> piece = bytes.first(std::min(left_, bytes.size()));
    bytes = bytes.subspan(piece.size());
    if (whole) {
      // Nothing to put together: most frames are read where they lie.
      in_chunk_ = false;
      sink.on_frame(chunk_.channel, piece);
      continue;
    }
    partial().insert(partial().end(), piece.begin(), piece.end());
    left_ -= piece.size();
    if (left_ == 0) end_chunk(sink);
  }
  return success();
}

Bytes FrameReader::held() const {
  uint64_t total = 0;
  for (const std::vector<uint8_t>& frame : partial_) total += frame.capacity();
  return Bytes(total);
}

}  // namespace govchain::consensus::node
