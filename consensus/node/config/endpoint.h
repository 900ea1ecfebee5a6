#pragma once
// An address as people write it.

#include <cstdint>
#include <string>

#include "consensus/result.h"

namespace govchain::consensus::node {

// "host:port", with brackets around an IPv6 address.
struct Endpoint {
  std::string host;
  uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
[[nodiscard]] Result<Endpoint> parse_endpoint(const std::string& text);
[[nodiscard]] std::string to_text(const Endpoint& endpoint);

}  // namespace govchain::consensus::node
