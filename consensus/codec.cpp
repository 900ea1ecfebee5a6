#include "consensus/codec.h"

#include <algorithm>
#include <string_view>

#include "consensus/assert.h"
#include "consensus/fixed_writer.h"
#include "consensus/protocols.h"

namespace govchain::consensus {

namespace {

constexpr std::string_view kStatementLabel = "govchain statement";
constexpr size_t kLabelBytes = 20;
// With its version.
constexpr size_t kMaxStatementBytes = 4 * 8 + 1 + 2 + 1 + sizeof(Digest);
constexpr size_t kSignatureEntryBytes = 4 + 64;
constexpr size_t kMemberBytes = 4 + 8 + 64;
// Beside a statement's protocol and a membership's count: a version follows.
constexpr uint8_t kStatementVersionMark = 1U << 7U;
constexpr uint32_t kMembershipVersionMark = 1U << 31U;
// Set in a member's weight if it is a witness, so that a membership without any looks as before.
constexpr uint64_t kWitnessMark = uint64_t{1} << 63U;

bool is_known(uint8_t protocol) { return find_protocol(protocol) != nullptr; }

}  // namespace

uint64_t Reader::little_endian(unsigned count) {
  const std::span<const uint8_t> bytes = raw(count);
  if (bytes.empty()) return 0;
  switch (count) {
    case 8:
      return load_little_endian<8>(bytes.data());
    case 4:
      return load_little_endian<4>(bytes.data());
    case 2:
      return load_little_endian<2>(bytes.data());
    default:
      GOVCHAIN_ASSERT(count == 1);
      return bytes.front();
  }
}

std::span<const uint8_t> Reader::raw(size_t count) {
  if (!ok_ || count > bytes_.size()) {
    ok_ = false;
    return {};
  }
  const std::span<const uint8_t> taken = bytes_.first(count);
  bytes_ = bytes_.subspan(count);
  return taken;
}

std::span<const uint8_t> Reader::blob(uint32_t limit) {
  const uint32_t size = u32();
  if (size > limit) ok_ = false;
  return raw(size);
}

uint32_t Reader::count(uint32_t limit, size_t element_size) {
  return check_count(u32(), limit, element_size);
}

uint32_t Reader::check_count(uint32_t count, uint32_t limit, size_t element_size) {
  if (!ok_ || count > limit || static_cast<uint64_t>(count) * element_size > bytes_.size()) {
    ok_ = false;
    return 0;
  }
  return count;
}

Digest Reader::digest() {
  Digest digest;
  const std::span<const uint8_t> bytes = raw(digest.bytes.size());
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

Signature Reader::signature() {
  Signature signature;
  const std::span<const uint8_t> bytes = raw(signature.bytes.size());
  std::copy(bytes.begin(), bytes.end(), signature.bytes.begin());
  return signature;
}

std::array<uint8_t, kSigningBytes> signing_bytes(const Statement& statement) {
  FixedWriter<kSigningBytes> out;
  out.text(kStatementLabel);
  out.zeros(kLabelBytes - kStatementLabel.size());
  out.u16(number_of(statement.version));
  out.ordinal(statement.chain);
  out.ordinal(statement.epoch);
  out.u8(static_cast<uint8_t>(statement.protocol));
  out.u8(statement.type);
  out.ordinal(statement.view);
  out.ordinal(statement.height);
  out.digest(statement.digest);
  GOVCHAIN_ASSERT(out.bytes().size() == kSigningBytes);
  std::array<uint8_t, kSigningBytes> bytes;
  std::copy(out.bytes().begin(), out.bytes().end(), bytes.begin());
  return bytes;
}

void encode_statement(const Statement& statement, Writer& to) {
  FixedWriter<kMaxStatementBytes> out;
  out.ordinal(statement.chain);
  out.ordinal(statement.epoch);
  const auto protocol = static_cast<uint8_t>(statement.protocol);
  if (statement.version == kOldestProtocolVersion) {
    out.u8(protocol);
  } else {
    out.u8(protocol | kStatementVersionMark);
    out.u16(number_of(statement.version));
  }
  out.u8(statement.type);
  out.ordinal(statement.view);
  out.ordinal(statement.height);
  out.digest(statement.digest);
  to.raw(out.bytes());
}

Statement decode_statement(Reader& in) {
  Statement statement;
  statement.chain = in.ordinal<ChainId>();
  statement.epoch = in.ordinal<Epoch>();
  const uint8_t marked = in.u8();
  if ((marked & kStatementVersionMark) != 0) {
    const uint16_t version = in.u16();
    if (version == number_of(kOldestProtocolVersion) || !is_known_version(version)) in.fail();
    statement.version = static_cast<ProtocolVersion>(version);
  }
  const auto protocol = static_cast<uint8_t>(marked & ~kStatementVersionMark);
  if (!is_known(protocol)) in.fail();
  statement.protocol = static_cast<Protocol>(protocol);
  statement.type = in.u8();
  statement.view = in.ordinal<View>();
  statement.height = in.ordinal<Height>();
  statement.digest = in.digest();
  return statement;
}

void encode_certificate(const Certificate& certificate, Writer& out) {
  GOVCHAIN_ASSERT(certificate.signers.size() == certificate.signatures.size());
  encode_statement(certificate.statement, out);
  out.u32(static_cast<uint32_t>(certificate.signers.size()));
  for (size_t i = 0; i < certificate.signers.size(); ++i) {
    out.replica(certificate.signers[i]);
    out.signature(certificate.signatures[i]);
  }
  if (certificate.statement.protocol == Protocol::kHotstuff) {
    out.blob(certificate.link);
  } else {
    GOVCHAIN_ASSERT(certificate.link.empty());
  }
}

CertificateRef decode_certificate(Reader& in) {
  auto certificate = Ref<Certificate>::make();
  certificate->statement = decode_statement(in);
  const uint32_t count = in.count(kMaxMembers, kSignatureEntryBytes);
  certificate->signers.reserve(count);
  certificate->signatures.reserve(count);
  for (uint32_t i = 0; i < count; ++i) {
    const ReplicaId signer = in.replica();
    if (i > 0 && signer <= certificate->signers.back()) in.fail();
    certificate->signers.push_back(signer);
    certificate->signatures.push_back(in.signature());
  }
  if (in.ok() && certificate->statement.protocol == Protocol::kHotstuff) {
    const std::span<const uint8_t> link = in.blob(kMaxLinkBytes);
    certificate->link.assign(link.begin(), link.end());
  }
  if (!in.ok()) return {};
  return certificate;
}

void encode_membership(const Membership& membership, Writer& out) {
  out.ordinal(membership.epoch);
  const auto count = static_cast<uint32_t>(membership.members.size());
  if (membership.version == kOldestProtocolVersion) {
    out.u32(count);
  } else {
    out.u32(count | kMembershipVersionMark);
    out.u16(number_of(membership.version));
  }
  for (const Member& member : membership.members) {
    out.replica(member.id);
    GOVCHAIN_ASSERT(member.weight < kWitnessMark);
    out.u64(member.is_witness() ? member.weight | kWitnessMark : member.weight);
    out.raw(member.key.bytes);
  }
}

Membership decode_membership(Reader& in) {
  Membership membership;
  membership.epoch = in.ordinal<Epoch>();
  const uint32_t marked = in.u32();
  if ((marked & kMembershipVersionMark) != 0) {
    const uint16_t version = in.u16();
    if (version <= number_of(kOldestProtocolVersion)) in.fail();
    membership.version = static_cast<ProtocolVersion>(version);
  }
  const uint32_t count =
      in.check_count(marked & ~kMembershipVersionMark, kMaxMembers, kMemberBytes);
  for (uint32_t i = 0; i < count; ++i) {
    Member member;
    member.id = in.replica();
    const uint64_t weight = in.u64();
    member.weight = weight & ~kWitnessMark;
    if ((weight & kWitnessMark) != 0) member.role = MemberRole::kWitness;
    const std::span<const uint8_t> key = in.raw(member.key.bytes.size());
    std::copy(key.begin(), key.end(), member.key.bytes.begin());
    if (i > 0 && member.id <= membership.members.back().id) in.fail();
    membership.members.push_back(member);
  }
  if (!has_bounded_weight(membership.members)) in.fail();
  if (!in.ok()) return {};
  return membership;
}

}  // namespace govchain::consensus
