// Whole messages and log records.

#include <algorithm>
#include <string>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/fixed_writer.h"
#include "consensus/protocols.h"

namespace govchain::consensus {

namespace {

// Version, chain, protocol, type, lane, sender, epoch, view, height, digest and signature; the
// lengths of body and payloads and the mark of a block.
constexpr uint64_t kMessageHeaderBytes = 2 + 8 + 3 + 4 + 3 * 8 + 32 + 64 + 4 + 4 + 1;
constexpr uint8_t kHasBlock = 1;
constexpr uint8_t kHasCertificate = 2;
constexpr uint8_t kBlockByDigest = 4;
constexpr uint8_t kBlockAvailable = 8;  // with kBlockByDigest: Block::availability follows
constexpr uint8_t kNamedBlock = kBlockByDigest | kBlockAvailable;

Error malformed(const char* what, const Reader& in, std::span<const uint8_t> whole) {
  return Error{ErrorCode::kMalformed, what,
               "near byte " + std::to_string(whole.size() - in.remaining()) + " of " +
                   std::to_string(whole.size())};
}

void decode_header(Reader& in, Message& message) {
  const uint8_t protocol = in.u8();
  if (find_protocol(protocol) == nullptr) in.fail();
  message.protocol = static_cast<Protocol>(protocol);
  message.type = in.u8();
  const uint8_t lane = in.u8();
  if (lane >= kLanes) in.fail();
  message.lane = static_cast<Lane>(lane);
  message.sender = in.replica();
  message.epoch = in.ordinal<Epoch>();
  message.view = in.ordinal<View>();
  message.height = in.ordinal<Height>();
  message.digest = in.digest();
  message.signature = in.signature();
}

// A block by its names, and what proves that their bytes can be had.
void encode_available(const Block& block, Writer& out) {
  encode_block_by_digest(block, out);
  out.blob(block.availability);
}

BlockRef decode_available(HashAlgorithm algorithm, Reader& in) {
  Ref<Block> block = decode_block_by_digest(algorithm, in);
  const std::span<const uint8_t> availability = in.blob(kMaxAvailabilityBytes);
  // None at all would have a second encoding, without the flag.
  if (availability.empty()) in.fail();
  if (!in.ok()) return {};
  block->availability.assign(availability.begin(), availability.end());
  return block;
}

}  // namespace

void seal_message(Message& message) {
  Bytes size(kMessageHeaderBytes + message.body.size() +
             kPayloadHeaderBytes * message.payloads.size());
  for (const PayloadRef& payload : message.payloads) size += payload->size;
  if (message.block) {
    const Block& block = *message.block;
    if (!block.availability.empty()) message.by_digest = true;
    size += encoded_size(block);
    if (message.by_digest) size -= block.payload_size();
    if (!block.availability.empty()) size += Bytes(4 + block.availability.size());
  }
  message.wire_size = size;
}

void encode_message(ChainId chain, const Message& message, std::vector<uint8_t>& out_bytes) {
  // Where messages gather behind each other the buffer's own growth serves better.
  if (out_bytes.empty()) out_bytes.reserve(kMessageHeaderBytes + message.body.size());
  FixedWriter<kMessageHeaderBytes> header;
  header.u16(number_of(message.version));
  header.ordinal(chain);
  header.u8(static_cast<uint8_t>(message.protocol));
  header.u8(message.type);
  header.u8(static_cast<uint8_t>(message.lane));
  header.replica(message.sender);
  header.ordinal(message.epoch);
  header.ordinal(message.view);
  header.ordinal(message.height);
  header.digest(message.digest);
  header.signature(message.signature);
  Writer out(out_bytes);
  out.raw(header.bytes());
  out.blob(message.body);
  out.u32(static_cast<uint32_t>(message.payloads.size()));
  for (const PayloadRef& payload : message.payloads) encode_payload(*payload, out);
  if (!message.block) {
    out.u8(0);
  } else if (!message.block->availability.empty()) {
    out.u8(kHasBlock | kNamedBlock);
    encode_available(*message.block, out);
  } else if (message.by_digest) {
    out.u8(kHasBlock | kBlockByDigest);
    encode_block_by_digest(*message.block, out);
  } else {
    out.u8(kHasBlock);
    encode_block(*message.block, out);
  }
}

Result<MessageRef> decode_message(ChainId chain, HashAlgorithm algorithm,
                                  std::span<const uint8_t> bytes, Cohorts cohorts) {
  if (bytes.size() > kMaxMessageBytes) {
    return Error{ErrorCode::kExhausted,
                 "a message of " + std::to_string(bytes.size()) + " bytes; at most " +
                     std::to_string(kMaxMessageBytes) + " are read",
                 ""};
  }
  Reader in(bytes);
  const uint16_t version = in.u16();
  if (!in.ok()) return malformed("the message ends before its version", in, bytes);
  if (!is_known_version(version)) {
    return Error{ErrorCode::kUnsupported,
                 "a message of protocol version " + std::to_string(version) +
                     "; this software knows " + known_versions(),
                 "byte 0"};
  }
  const auto named_chain = in.ordinal<ChainId>();
  if (!in.ok() || named_chain != chain) {
    return malformed("the message does not name this chain", in, bytes);
  }
  auto message = Ref<Message>::make();
  message->version = static_cast<ProtocolVersion>(version);
  decode_header(in, *message);
  const std::span<const uint8_t> body = in.blob(static_cast<uint32_t>(kMaxMessageBytes));
  const uint32_t payloads = in.count(kMaxPayloadsPerBlock, kPayloadHeaderBytes);
  for (uint32_t i = 0; i < payloads && in.ok(); ++i) {
    message->payloads.push_back(decode_payload(algorithm, in, cohorts));
  }
  const uint8_t flags = in.u8();
  const bool available = flags == (kHasBlock | kNamedBlock);
  message->by_digest = available || flags == (kHasBlock | kBlockByDigest);
  if (flags != 0 && flags != kHasBlock && !message->by_digest) in.fail();
  if (in.ok() && available) {
    message->block = decode_available(algorithm, in);
  } else if (in.ok() && message->by_digest) {
    message->block = decode_block_by_digest(algorithm, in);
  } else if (in.ok() && flags != 0) {
    message->block = decode_block(algorithm, in, cohorts);
  }
  if (!in.finished()) return malformed("the message does not follow the layout", in, bytes);
  message->body.assign(body.begin(), body.end());
  seal_message(*message);
  return MessageRef(std::move(message));
}

ProtocolVersion version_of(const LogRecord& record) {
  ProtocolVersion version = kOldestProtocolVersion;
  if (record.certificate) version = record.certificate->statement.version;
  // Batches, and blocks by their names.
  const bool named = record.block && !record.block->availability.empty();
  if (named || record.type == kBatchRecord) version = std::max(version, kProposalsByDigestSince);
  return version;
}

void encode_record(const LogRecord& record, std::vector<uint8_t>& out_bytes) {
  Writer out(out_bytes);
  out.u8(record.type);
  const bool named = record.block && !record.block->availability.empty();
  out.u8(static_cast<uint8_t>((record.block ? kHasBlock : 0) |
                              (record.certificate ? kHasCertificate : 0) |
                              (named ? kNamedBlock : 0)));
  out.blob(record.bytes);
  if (named) {
    encode_available(*record.block, out);
  } else if (record.block) {
    encode_block(*record.block, out);
  }
  if (record.certificate) encode_certificate(*record.certificate, out);
}

Result<LogRecordRef> decode_record(HashAlgorithm algorithm, std::span<const uint8_t> bytes,
                                   Cohorts cohorts) {
  Reader in(bytes);
  auto record = Ref<LogRecord>::make();
  record->type = in.u8();
  const uint8_t flags = in.u8();
  const bool named = (flags & kNamedBlock) == kNamedBlock;
  const bool known = (flags & ~(kHasBlock | kHasCertificate | kNamedBlock)) == 0;
  if (!known || (!named && (flags & kNamedBlock) != 0) || (named && (flags & kHasBlock) == 0)) {
    in.fail();
  }
  const std::span<const uint8_t> content = in.blob(UINT32_MAX);
  if (in.ok() && named) {
    record->block = decode_available(algorithm, in);
  } else if (in.ok() && (flags & kHasBlock) != 0) {
    record->block = decode_block(algorithm, in, cohorts);
  }
  if (in.ok() && (flags & kHasCertificate) != 0) record->certificate = decode_certificate(in);
  if (!in.finished()) return malformed("the log record does not follow the layout", in, bytes);
  record->bytes.assign(content.begin(), content.end());
  return LogRecordRef(std::move(record));
}

}  // namespace govchain::consensus
