#pragma once
// Bytes in hexadecimal, two small letters or digits each, so that one run of bytes has one text.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace govchain::consensus::node {

[[nodiscard]] std::string to_hex(std::span<const uint8_t> bytes);
// Null if it is anything else than what to_hex() writes.
[[nodiscard]] std::optional<std::vector<uint8_t>> from_hex(std::string_view text);
// The same where the length is known: false, and `out` is as it was, if the text is not it.
[[nodiscard]] bool read_hex(std::string_view text, std::span<uint8_t> out);

}  // namespace govchain::consensus::node
