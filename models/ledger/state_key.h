#pragma once
// The name of one record in the state: contract, table, and the fields that identify the record.
// Fixed storage, so that making a key allocates nothing.

#include <array>
#include <cstdint>
#include <span>

#include "consensus/assert.h"
#include "consensus/types.h"

namespace govchain::models {

class StateKey {
 public:
  // Longest key; the longest in use is a gateway's (contract, table, chain, department, number).
  static constexpr size_t kMaxBytes = 72;

  StateKey() = default;
  // Every key starts with these five bytes, so that no two tables share a key.
  StateKey(uint32_t contract, uint8_t table) { little_endian(contract, 4).little_endian(table, 1); }

  template <typename Tag>
  StateKey& with(consensus::Ordinal<Tag> value) {
    return little_endian(value.value(), 8);
  }
  StateKey& with(uint64_t value) { return little_endian(value, 8); }
  StateKey& with(const consensus::Digest& digest) {
    for (const uint8_t byte : digest.bytes) append(byte);
    return *this;
  }

  [[nodiscard]] std::span<const uint8_t> bytes() const { return {bytes_.data(), size_}; }
  // Bytes beyond size() stay zero, so that memberwise comparison is comparison of keys.
  friend bool operator==(const StateKey&, const StateKey&) = default;

 private:
  StateKey& little_endian(uint64_t value, unsigned count) {
    for (unsigned i = 0; i < count; ++i) append(static_cast<uint8_t>(value >> (8U * i)));
    return *this;
  }
  void append(uint8_t byte) {
    GOVCHAIN_ASSERT(size_ < kMaxBytes);
    bytes_[size_++] = byte;
  }

  std::array<uint8_t, kMaxBytes> bytes_{};
  uint8_t size_ = 0;
};

}  // namespace govchain::models
