#pragma once
// The canonical little-endian layout of everything that leaves a replica or is signed, with the
// version of the rules that it belongs to (protocol_version.h). What belongs to version 1 has the
// layout that it had before there was another.
//
// Decoding never trusts a length: every count is checked against what is left in the buffer and
// against a named bound before anything is reserved. encode(decode(x)) == x for every x that
// decodes, so that an encoding is also an identity.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/crypto/hash.h"
#include "consensus/log_record.h"
#include "consensus/membership.h"
#include "consensus/message.h"
#include "consensus/protocol_version.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus {

// Bounds on what a peer may send.
inline constexpr uint64_t kMaxMessageBytes = 64ULL << 20U;
inline constexpr uint32_t kMaxPayloadsPerBlock = 65'536;
inline constexpr uint32_t kMaxMembers = 4'096;
inline constexpr uint32_t kMaxControlBytes = 1U << 20U;
inline constexpr uint32_t kMaxAvailabilityBytes = 4U << 20U;  // of Block::availability
inline constexpr uint32_t kMaxLinkBytes = 1U << 18U;          // of Certificate::link

// Whether payloads without their bytes (cohorts of a simulation) decode. A node refuses them:
// nothing would bind their content to their digest, so two replicas could hold different ones.
enum class Cohorts : uint8_t { kRefused, kAllowed };

// Appends to a growing buffer.
class Writer {
 public:
  explicit Writer(std::vector<uint8_t>& out) : out_(out) {}
  void u8(uint8_t value) { out_.push_back(value); }
  void u16(uint16_t value) { little_endian(value, 2); }
  void u32(uint32_t value) { little_endian(value, 4); }
  void u64(uint64_t value) { little_endian(value, 8); }
  void i64(int64_t value) { u64(static_cast<uint64_t>(value)); }
  void raw(std::span<const uint8_t> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  // A length-prefixed run of bytes.
  void blob(std::span<const uint8_t> bytes) {
    u32(static_cast<uint32_t>(bytes.size()));
    raw(bytes);
  }
  void digest(const Digest& digest) { raw(digest.bytes); }
  void signature(const Signature& signature) { raw(signature.bytes); }
  template <typename Tag>
  void ordinal(Ordinal<Tag> value) {
    u64(value.value());
  }
  void replica(ReplicaId id) { u32(id.value()); }

 private:
  void little_endian(uint64_t value, unsigned count) {
    for (unsigned i = 0; i < count; ++i) out_.push_back(static_cast<uint8_t>(value >> (8U * i)));
  }
  std::vector<uint8_t>& out_;
};

// Reads with a sticky failure: after the first short or out-of-bound read everything yields zero
// and ok() is false.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] size_t remaining() const { return bytes_.size(); }
  // True if everything was read and nothing failed. Trailing bytes are malformed: an encoding is an
  // identity.
  [[nodiscard]] bool finished() const { return ok_ && bytes_.empty(); }
  void fail() { ok_ = false; }

  uint8_t u8() { return static_cast<uint8_t>(little_endian(1)); }
  uint16_t u16() { return static_cast<uint16_t>(little_endian(2)); }
  uint32_t u32() { return static_cast<uint32_t>(little_endian(4)); }
  uint64_t u64() { return little_endian(8); }
  int64_t i64() { return static_cast<int64_t>(little_endian(8)); }
  // A view into the buffer; empty after failure.
  std::span<const uint8_t> raw(size_t count);
  std::span<const uint8_t> blob(uint32_t limit);
  // Reads a count and checks it: at most `limit`, and `element_size` bytes each must still be
  // there.
  uint32_t count(uint32_t limit, size_t element_size);
  // The same for a count that has been read already.
  uint32_t check_count(uint32_t count, uint32_t limit, size_t element_size);
  Digest digest();
  Signature signature();
  template <typename O>
  O ordinal() {
    return O(u64());
  }
  ReplicaId replica() { return ReplicaId(u32()); }

 private:
  uint64_t little_endian(unsigned count);
  std::span<const uint8_t> bytes_;
  bool ok_ = true;
};

// What a signature covers: a domain label, the version and every other field of the statement. 88
// bytes.
inline constexpr size_t kSigningBytes = 88;
[[nodiscard]] std::array<uint8_t, kSigningBytes> signing_bytes(const Statement& statement);

// A payload's identity: the hash of its bytes and, in four bytes behind them, of its count. So
// nobody can have a client's bytes ordered under another count, which whoever executes them would
// refuse.
[[nodiscard]] Digest payload_digest(HashAlgorithm algorithm, std::span<const uint8_t> bytes,
                                    uint32_t transactions);
// With its bytes, under that identity.
[[nodiscard]] PayloadRef make_payload(HashAlgorithm algorithm, std::span<const uint8_t> bytes,
                                      uint32_t transactions);

// Sets block.digest over all other fields (payloads by digest, size and count). The block must not
// change after this.
void seal_block(HashAlgorithm algorithm, Block& block);

// Sets message.wire_size. The message must not change after this.
void seal_message(Message& message);

// A payload as 44 bytes of digest, size and count, then its bytes (none for a cohort, whose size is
// marked).
inline constexpr size_t kPayloadHeaderBytes = 44;
void encode_payload(const Payload& payload, Writer& out);
[[nodiscard]] PayloadRef decode_payload(HashAlgorithm algorithm, Reader& in,
                                        Cohorts cohorts = Cohorts::kRefused);
// What encode_block would append, payload sizes of cohorts included.
[[nodiscard]] Bytes encoded_size(const Block& block);

// Block and certificate in the canonical layout, payload bytes included.
void encode_block(const Block& block, Writer& out);
// Null if malformed; the digest is recomputed, and every payload's digest checked.
[[nodiscard]] BlockRef decode_block(HashAlgorithm algorithm, Reader& in,
                                    Cohorts cohorts = Cohorts::kRefused);
// The same with every payload as digest, size and count. Decoded payloads have no bytes.
void encode_block_by_digest(const Block& block, Writer& out);
[[nodiscard]] Ref<Block> decode_block_by_digest(HashAlgorithm algorithm, Reader& in);
void encode_certificate(const Certificate& certificate, Writer& out);
[[nodiscard]] CertificateRef decode_certificate(
    Reader& in);  // null if malformed or signers not ascending
// A statement's version follows the protocol only where it is not 1, which a mark there says. One
// that this code does not know is malformed.
void encode_statement(const Statement& statement, Writer& out);
[[nodiscard]] Statement decode_statement(Reader& in);
// So does a membership's, behind the count of members; but any version is read, because older
// software has to understand that it is too old.
void encode_membership(const Membership& membership, Writer& out);
[[nodiscard]] Membership decode_membership(Reader& in);  // check in.ok()

// A whole message for the wire: version, chain, header, body, payloads or block. kUnsupported if
// the version is unknown; nothing behind it is looked at then.
void encode_message(ChainId chain, const Message& message, std::vector<uint8_t>& out);
[[nodiscard]] Result<MessageRef> decode_message(ChainId chain, HashAlgorithm algorithm,
                                                std::span<const uint8_t> bytes,
                                                Cohorts cohorts = Cohorts::kRefused);

// The version of the rules without which this record cannot be read. The log's framing says it
// (log_frame.h).
[[nodiscard]] ProtocolVersion version_of(const LogRecord& record);
// A log record without the log's framing.
void encode_record(const LogRecord& record, std::vector<uint8_t>& out);
[[nodiscard]] Result<LogRecordRef> decode_record(HashAlgorithm algorithm,
                                                 std::span<const uint8_t> bytes,
                                                 Cohorts cohorts = Cohorts::kRefused);

}  // namespace govchain::consensus
