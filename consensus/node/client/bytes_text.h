#pragma once
// Bytes as clients write and read them: hexadecimal and base64 (RFC 4648), both strict, so that one
// run of bytes has one text.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/types.h"

namespace govchain::consensus::node {

[[nodiscard]] std::string to_hex(std::span<const uint8_t> bytes);
// Lower-case digits, two to a byte; null if it is anything else.
[[nodiscard]] std::optional<std::vector<uint8_t>> bytes_from_hex(std::string_view text);
// 64 lower-case digits; null if it is anything else.
[[nodiscard]] std::optional<Digest> digest_from_hex(std::string_view text);
[[nodiscard]] std::string to_base64(std::span<const uint8_t> bytes);
// Padded, without line breaks, unused bits zero; null if it is anything else.
[[nodiscard]] std::optional<std::vector<uint8_t>> from_base64(std::string_view text);

}  // namespace govchain::consensus::node
