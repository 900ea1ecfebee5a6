#include "sim/key_value_application.h"

#include "consensus/codec.h"

namespace govchain::sim {

using consensus::Digest;

namespace {

void mix_in(Digest& sum, const Digest& value) {
  for (size_t i = 0; i < sum.bytes.size(); ++i) sum.bytes[i] ^= value.bytes[i];
}

}  // namespace

void KeyValueApplication::execute(const consensus::Block& block,
                                  consensus::ExecutionResult& result) {
  result.clear();
  for (const consensus::PayloadRef& payload : block.payloads) {
    // The payload's digest covers its bytes; a cohort has no bytes and writes once.
    Digest& value = values_[payload->digest.bytes[0]];
    mix_in(written_, value);
    value = payload->digest;
    mix_in(written_, value);
    if (!payload->bytes.empty()) {
      result.receipts.resize(result.receipts.size() + payload->transactions);
    }
  }
  history_ = consensus::hash_pair(algorithm_, history_, block.digest);
  root_ = root_of(history_);
  result.state_root = root_;
}

Digest KeyValueApplication::root_of(const Digest& chain) const {
  return consensus::hash_pair(algorithm_, chain, written_);
}

std::vector<uint8_t> KeyValueApplication::snapshot() const {
  std::vector<uint8_t> bytes;
  bytes.reserve(sizeof history_ + sizeof values_);
  consensus::Writer out(bytes);
  out.digest(history_);
  for (const Digest& value : values_) out.digest(value);
  return bytes;
}

consensus::Status KeyValueApplication::restore(std::span<const uint8_t> snapshot) {
  consensus::Reader in(snapshot);
  const Digest history = in.digest();
  Digest written;
  std::array<Digest, 256> values{};
  for (Digest& value : values) {
    value = in.digest();
    mix_in(written, value);
  }
  if (!in.finished()) {
    return consensus::Error{consensus::ErrorCode::kMalformed,
                            "a snapshot of the key-value machine has 8224 bytes, this one " +
                                std::to_string(snapshot.size()),
                            "snapshot"};
  }
  history_ = history;
  written_ = written;
  values_ = values;
  const bool untouched = history_.is_zero() && written_.is_zero();
  root_ = untouched ? Digest{} : root_of(history_);
  return consensus::success();
}

std::unique_ptr<consensus::Application> KeyValueApplication::clone() const {
  return std::make_unique<KeyValueApplication>(*this);
}

}  // namespace govchain::sim
