// Payloads and blocks in the canonical layout, and their identities.

#include <string_view>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/fixed_writer.h"

namespace govchain::consensus {

namespace {

// Set in a payload's size where its bytes do not follow (a cohort).
constexpr uint64_t kCohortMark = uint64_t{1} << 63U;
constexpr std::string_view kBlockLabel = "govchain block";
constexpr uint64_t kBlockHeaderBytes = 3 * 8 + 4 + 8 + 4 + 4;

// With the count of payloads, which follows everywhere.
void encode_block_header(const Block& block, Writer& to) {
  FixedWriter<kBlockHeaderBytes> out;
  out.ordinal(block.height);
  out.ordinal(block.view);
  out.ordinal(block.epoch);
  out.replica(block.proposer);
  out.i64(block.wall_time);
  out.u32(static_cast<uint32_t>(block.payloads.size()));
  to.raw(out.bytes());
}

void encode_payload_header(const Payload& payload, uint64_t size, Writer& to) {
  FixedWriter<kPayloadHeaderBytes> out;
  out.digest(payload.digest);
  out.u64(size);
  out.u32(payload.transactions);
  to.raw(out.bytes());
}

}  // namespace

Digest payload_digest(HashAlgorithm algorithm, std::span<const uint8_t> bytes,
                      uint32_t transactions) {
  FixedWriter<sizeof transactions> count;
  count.u32(transactions);
  return hash(algorithm, bytes, count.bytes());
}

PayloadRef make_payload(HashAlgorithm algorithm, std::span<const uint8_t> bytes,
                        uint32_t transactions) {
  auto payload = Ref<Payload>::make();
  payload->digest = payload_digest(algorithm, bytes, transactions);
  payload->size = Bytes(bytes.size());
  payload->transactions = transactions;
  payload->bytes.assign(bytes.begin(), bytes.end());
  return payload;
}

void encode_payload(const Payload& payload, Writer& out) {
  const uint64_t size = payload.size.count();
  GOVCHAIN_ASSERT(size < kCohortMark);
  GOVCHAIN_ASSERT(!payload.named);
  const bool carried = payload.bytes.size() == size;
  GOVCHAIN_ASSERT(carried || payload.bytes.empty());
  encode_payload_header(payload, carried ? size : size | kCohortMark, out);
  out.raw(payload.bytes);
}

PayloadRef decode_payload(HashAlgorithm algorithm, Reader& in, Cohorts cohorts) {
  auto payload = Ref<Payload>::make();
  payload->digest = in.digest();
  const uint64_t size = in.u64();
  payload->transactions = in.u32();
  payload->size = Bytes(size & ~kCohortMark);
  if ((size & kCohortMark) != 0) {
    // A cohort of no bytes would have a second encoding, as a payload whose bytes all follow.
    if (cohorts == Cohorts::kRefused || payload->size == Bytes(0)) in.fail();
  } else {
    const std::span<const uint8_t> bytes = in.raw(size);
    if (in.ok() && payload_digest(algorithm, bytes, payload->transactions) != payload->digest) {
      in.fail();
    }
    if (in.ok()) payload->bytes.assign(bytes.begin(), bytes.end());
  }
  if (!in.ok()) return {};
  return payload;
}

Bytes encoded_size(const Block& block) {
  return block.payload_size() + Bytes(kBlockHeaderBytes + block.control.size() +
                                      kPayloadHeaderBytes * block.payloads.size());
}

void seal_block(HashAlgorithm algorithm, Block& block) {
  // Reused, because a leader seals blocks for as long as it lives.
  thread_local std::vector<uint8_t> preimage;
  preimage.clear();
  Writer out(preimage);
  out.raw(std::span(reinterpret_cast<const uint8_t*>(kBlockLabel.data()), kBlockLabel.size()));
  encode_block_header(block, out);
  for (const PayloadRef& payload : block.payloads) {
    encode_payload_header(*payload, payload->size.count(), out);
  }
  out.blob(block.control);
  block.digest = hash(algorithm, preimage);
}

void encode_block(const Block& block, Writer& out) {
  encode_block_header(block, out);
  for (const PayloadRef& payload : block.payloads) encode_payload(*payload, out);
  out.blob(block.control);
}

BlockRef decode_block(HashAlgorithm algorithm, Reader& in, Cohorts cohorts) {
  auto block = Ref<Block>::make();
  block->height = in.ordinal<Height>();
  block->view = in.ordinal<View>();
  block->epoch = in.ordinal<Epoch>();
  block->proposer = in.replica();
  block->wall_time = in.i64();
  const uint32_t count = in.count(kMaxPayloadsPerBlock, kPayloadHeaderBytes);
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    block->payloads.push_back(decode_payload(algorithm, in, cohorts));
  }
  const std::span<const uint8_t> control = in.blob(kMaxControlBytes);
  if (!in.ok()) return {};
  block->control.assign(control.begin(), control.end());
  seal_block(algorithm, *block);
  return block;
}

void encode_block_by_digest(const Block& block, Writer& out) {
  encode_block_header(block, out);
  for (const PayloadRef& payload : block.payloads) {
    encode_payload_header(*payload, payload->size.count(), out);
  }
  out.blob(block.control);
}

Ref<Block> decode_block_by_digest(HashAlgorithm algorithm, Reader& in) {
  auto block = Ref<Block>::make();
  block->height = in.ordinal<Height>();
  block->view = in.ordinal<View>();
  block->epoch = in.ordinal<Epoch>();
  block->proposer = in.replica();
  block->wall_time = in.i64();
  const uint32_t count = in.count(kMaxPayloadsPerBlock, kPayloadHeaderBytes);
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    auto payload = Ref<Payload>::make();
    payload->digest = in.digest();
    payload->size = Bytes(in.u64());
    payload->transactions = in.u32();
    payload->named = true;
    // Their bytes have to fit into a message one day; and sums of sizes must not overflow.
    if (payload->size > Bytes(kMaxMessageBytes)) in.fail();
    block->payloads.emplace_back(std::move(payload));
  }
  const std::span<const uint8_t> control = in.blob(kMaxControlBytes);
  if (!in.ok()) return {};
  block->control.assign(control.begin(), control.end());
  seal_block(algorithm, *block);
  return block;
}

}  // namespace govchain::consensus
