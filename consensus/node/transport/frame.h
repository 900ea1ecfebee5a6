#pragma once
// What travels inside a connection: frames, each on its channel, cut into chunks.
//
//   0  u32  length of what follows the header, at most kChunkBytes
//   4  u8   channel
//   5  u8   flags: 1 = the frame goes on in the channel's next chunk
//   6  u16  version of this layout
//   8       the bytes
//
// A chunk with its header is at most what one TLS record holds, so the chunks of a body leave room
// between them for a vote. Within a channel frames and their chunks follow each other in order.
//
// A length from a peer reserves nothing: memory grows as bytes arrive. All frames of a connection
// that are cut into chunks and not yet complete are together at most as long as one may be; the
// sender begins none that would break this (peer_queue.h), the reader cuts off who does.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "consensus/message.h"
#include "consensus/result.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

// The first ones are the lanes of messages. A lower one goes first.
enum class Channel : uint8_t { kVotes, kBodies, kBulkMessages, kBulkBytes, kHeartbeat };
inline constexpr size_t kQueuedChannels = 4;  // all but heartbeats, which never wait
[[nodiscard]] constexpr Channel channel_of(Lane lane) { return static_cast<Channel>(lane); }
static_assert(kLanes == static_cast<size_t>(Channel::kBulkBytes));

inline constexpr uint16_t kFramingVersion = 1;
inline constexpr size_t kFrameHeaderBytes = 8;
inline constexpr size_t kRecordBytes = 16'384;  // of plain text in a TLS record (RFC 8446, 5.1)
inline constexpr size_t kChunkBytes = kRecordBytes - kFrameHeaderBytes;

struct FrameHeader {
  uint32_t length = 0;
  Channel channel = Channel::kHeartbeat;
  bool more = false;
  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

using EncodedHeader = std::array<uint8_t, kFrameHeaderBytes>;
[[nodiscard]] EncodedHeader encode_header(const FrameHeader& header);
// kMalformed: another version, an unknown channel or flag, a chunk that is too long, or empty
// though more is to come, a heartbeat with content.
[[nodiscard]] Result<FrameHeader> decode_header(const EncodedHeader& bytes);

class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // A whole frame; the view ends with the call.
  virtual void on_frame(Channel channel, std::span<const uint8_t> bytes) = 0;
};

// Puts frames together from a stream that comes in any pieces.
class FrameReader {
 public:
  explicit FrameReader(Bytes frame_limit) : frame_limit_(frame_limit.count()) {}

  // kMalformed if the stream breaks the framing; nothing may be fed after that.
  [[nodiscard]] Status feed(std::span<const uint8_t> bytes, FrameSink& sink);
  // Reserved for frames that are not complete, and for the next ones.
  [[nodiscard]] Bytes held() const;

 private:
  [[nodiscard]] std::vector<uint8_t>& partial() {
    return partial_[static_cast<size_t>(chunk_.channel)];
  }
  [[nodiscard]] Status begin_chunk();
  void end_chunk(FrameSink& sink);

  uint64_t frame_limit_;
  EncodedHeader header_{};
  size_t header_filled_ = 0;
  bool in_chunk_ = false;
  FrameHeader chunk_;
  size_t left_ = 0;  // of the chunk
  std::array<std::vector<uint8_t>, kQueuedChannels + 1> partial_;
  std::array<bool, kQueuedChannels + 1> cut_{};  // the channel's frame has more than one chunk
  uint64_t cut_bytes_ = 0;                       // of such frames, so far
  bool broken_ = false;
};

}  // namespace govchain::consensus::node
