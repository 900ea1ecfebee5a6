#pragma once
// Decisions read from a fuzzer's bytes, one after the other. When the bytes are used up every
// decision is 0, and the caller ends.

#include <algorithm>
#include <cstdint>
#include <span>

namespace govchain::coverage {

class Choices {
 public:
  explicit Choices(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] uint8_t byte() {
    if (bytes_.empty()) return 0;
    const uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  // 0 … bound - 1.
  [[nodiscard]] uint32_t below(uint32_t bound) { return bound == 0 ? 0 : byte() % bound; }
  [[nodiscard]] bool flag() { return (byte() & 1U) != 0; }
  // Small numbers as they are, with the extremes within reach.
  [[nodiscard]] uint64_t number() {
    const uint8_t value = byte();
    if (value < 0xF0U) return value;
    uint64_t wide = 0;
    for (int i = 0; i < 8; ++i) wide = wide << 8U | byte();
    return wide;
  }
  [[nodiscard]] std::span<const uint8_t> bytes(size_t most) {
    const size_t count = std::min(most, bytes_.size());
    const std::span<const uint8_t> taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace govchain::coverage
