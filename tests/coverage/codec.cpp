// Coverage-guided fuzzing of everything that decodes: what decodes must encode to the same bytes.

#include "consensus/codec.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "consensus/assert.h"
#include "consensus/journal.h"

namespace {

using namespace govchain::consensus;  // NOLINT(google-build-using-namespace)

constexpr ChainId kChain{1};
constexpr HashAlgorithm kHash = HashAlgorithm::kSha256;

void expect_same(std::span<const uint8_t> bytes, const std::vector<uint8_t>& again) {
  GOVCHAIN_ASSERT(std::equal(bytes.begin(), bytes.end(), again.begin(), again.end()));
}

void try_message(std::span<const uint8_t> bytes, Cohorts cohorts) {
  const Result<MessageRef> message = decode_message(kChain, kHash, bytes, cohorts);
  if (!message) return;
  std::vector<uint8_t> again;
  encode_message(kChain, **message, again);
  expect_same(bytes, again);
}

void try_record(std::span<const uint8_t> bytes, Cohorts cohorts) {
  const Result<LogRecordRef> record = decode_record(kHash, bytes, cohorts);
  if (!record) return;
  std::vector<uint8_t> again;
  encode_record(**record, again);
  expect_same(bytes, again);
}

void try_input(std::span<const uint8_t> bytes) {
  const Result<Input> decoded = decode_input(kChain, kHash, bytes, Cohorts::kAllowed);
  if (!decoded) return;
  std::vector<uint8_t> again;
  encode_input(kChain, *decoded, again);
  expect_same(bytes, again);
}

template <typename Decode, typename Encode>
void try_part(std::span<const uint8_t> bytes, Decode&& decode, Encode&& encode) {
  Reader in(bytes);
  const auto part = decode(in);
  if (!part || !in.finished()) return;
  std::vector<uint8_t> again;
  Writer out(again);
  encode(*part, out);
  expect_same(bytes, again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::span<const uint8_t> bytes(data + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      try_message(bytes, Cohorts::kRefused);
      break;
    case 1:
      try_message(bytes, Cohorts::kAllowed);
      break;
    case 2:
      try_record(bytes, Cohorts::kRefused);
      break;
    case 3:
      try_record(bytes, Cohorts::kAllowed);
      break;
    case 4:
      try_input(bytes);
      break;
    case 5:
      try_part(
          bytes, [](Reader& in) { return decode_block(kHash, in); },
          [](const Block& block, Writer& out) { encode_block(block, out); });
      break;
    case 6:
      try_part(
          bytes, [](Reader& in) { return decode_certificate(in); },
          [](const Certificate& certificate, Writer& out) {
            encode_certificate(certificate, out);
          });
      break;
    default:
      try_part(
          bytes, [](Reader& in) { return std::optional(decode_membership(in)); },
          [](const Membership& membership, Writer& out) { encode_membership(membership, out); });
  }
  return 0;
}
