#pragma once
// Numbers as the canonical layout has them, lowest byte first. Where the processor does the same a
// number is one store or load.

#include <bit>
#include <cstdint>
#include <cstring>

namespace govchain::consensus {

// Its lowest `kBytes` bytes, to `out` and beyond.
template <unsigned kBytes>
void store_little_endian(uint64_t value, uint8_t* out) {
  static_assert(kBytes <= sizeof value);
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(out, &value, kBytes);
  } else {
    for (unsigned i = 0; i < kBytes; ++i) out[i] = static_cast<uint8_t>(value >> (8U * i));
  }
}

template <unsigned kBytes>
[[nodiscard]] uint64_t load_little_endian(const uint8_t* bytes) {
  uint64_t value = 0;
  static_assert(kBytes <= sizeof value);
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, bytes, kBytes);
  } else {
    for (unsigned i = 0; i < kBytes; ++i) value |= uint64_t{bytes[i]} << (8U * i);
  }
  return value;
}

}  // namespace govchain::consensus
