#pragma once
// A client that writes what it likes to a socket and reads what comes, for tests of an HTTP server.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace govchain::consensus::node::testing {

struct RawResponse {
  unsigned status = 0;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
};

class RawClient {
 public:
  // To the loopback address.
  explicit RawClient(uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False if the other side has gone.
  bool send(std::string_view bytes);
  // Null if the connection ends, or a long time passes, before there is a whole one.
  [[nodiscard]] std::optional<RawResponse> receive();
  // Whether the other side closes within a long time; what it still sends is dropped.
  [[nodiscard]] bool is_closed();
  [[nodiscard]] std::optional<RawResponse> ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }

 private:
  [[nodiscard]] bool fill();

  int socket_ = -1;
  std::string buffer_;
};

// Requests as text.
[[nodiscard]] std::string get(const std::string& target);
[[nodiscard]] std::string post(const std::string& target, const std::string& type,
                               const std::string& body);

}  // namespace govchain::consensus::node::testing
