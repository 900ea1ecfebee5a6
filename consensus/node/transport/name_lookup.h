#pragma once
// Addresses of named hosts. The system's resolver waits for as long as it likes and cannot be told
// to stop, so each question is asked on a thread that is left alone if nobody wants the answer any
// more: one name server that is silent delays neither other names nor the end of the transport.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "consensus/node/transport/network.h"

namespace govchain::consensus::node {

class NameLookup {
 public:
  // Empty if there is none.
  using Answer = std::function<void(std::vector<tcp::endpoint>)>;

  explicit NameLookup(asio::io_context& io);
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // On the context's thread, like the answer. Never answers before it returns.
  void find(const std::string& host, uint16_t port, Answer answer);

 private:
  struct Line;  // to the threads; it outlives this if they do
  void deliver(uint64_t question, std::vector<tcp::endpoint> endpoints);

  asio::io_context& io_;
  std::shared_ptr<Line> line_;
  uint64_t next_question_ = 0;
  std::map<uint64_t, Answer> open_;
};

// Asks the system, and waits. Addresses as text need no resolver.
[[nodiscard]] std::vector<tcp::endpoint> look_up(const std::string& host, uint16_t port);

}  // namespace govchain::consensus::node
