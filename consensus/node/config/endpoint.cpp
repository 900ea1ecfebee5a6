#include "consensus/node/config/endpoint.h"

#include <charconv>
#include <system_error>

namespace govchain::consensus::node {

Result<Endpoint> parse_endpoint(const std::string& text) {
  const Error expected{ErrorCode::kInvalid,
                       "expected \"host:port\" with a port from 1 to 65535, not \"" + text + "\"",
                       {}};
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return expected;
  std::string host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.back() != ']' || host.size() == 2) return expected;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return expected;
  }
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end || port == 0) return expected;
  return Endpoint{host, port};
}

std::string to_text(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace govchain::consensus::node
