#pragma once
// The canonical layout (codec.h) in a buffer whose size is known when it is compiled: statements,
// headers and what is hashed. Nothing is allocated, and neighbouring fields become wide stores.

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "consensus/assert.h"
#include "consensus/little_endian.h"
#include "consensus/types.h"

namespace govchain::consensus {

// Has room for kCapacity bytes; more would be a broken invariant.
template <size_t kCapacity>
class FixedWriter {
 public:
  void u8(uint8_t value) { number<1>(value); }
  void u16(uint16_t value) { number<2>(value); }
  void u32(uint32_t value) { number<4>(value); }
  void u64(uint64_t value) { number<8>(value); }
  void i64(int64_t value) { number<8>(static_cast<uint64_t>(value)); }
  template <typename Tag>
  void ordinal(Ordinal<Tag> value) {
    number<8>(value.value());
  }
  void replica(ReplicaId id) { number<4>(id.value()); }
  void digest(const Digest& digest) { array(digest.bytes); }
  void signature(const Signature& signature) { array(signature.bytes); }
  // A label, without its length.
  void text(std::string_view letters) {
    std::memcpy(room_for(letters.size()), letters.data(), letters.size());
  }
  void zeros(size_t count) { std::memset(room_for(count), 0, count); }
  [[nodiscard]] std::span<const uint8_t> bytes() const { return std::span(bytes_).first(used_); }

 private:
  uint8_t* room_for(size_t count) {
    GOVCHAIN_ASSERT(count <= kCapacity - used_);
    uint8_t* const place = bytes_.data() + used_;
    used_ += count;
    return place;
  }
  template <unsigned kBytes>
  void number(uint64_t value) {
    store_little_endian<kBytes>(value, room_for(kBytes));
  }
  template <size_t kBytes>
  void array(const std::array<uint8_t, kBytes>& value) {
    std::memcpy(room_for(kBytes), value.data(), kBytes);
  }

  std::array<uint8_t, kCapacity> bytes_;  // written before it is read
  size_t used_ = 0;
};

}  // namespace govchain::consensus
