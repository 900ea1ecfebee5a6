#include "consensus/node/transport/name_lookup.h"

#include <mutex>
#include <netdb.h>
#include <system_error>
#include <thread>
#include <utility>

namespace govchain::consensus::node {

struct NameLookup::Line {
  std::mutex mutex;
  NameLookup* asker = nullptr;  // null once it is gone
};

std::vector<tcp::endpoint> look_up(const std::string& host, uint16_t port) {
  asio::error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (!error) return {tcp::endpoint(address, port)};
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return {};
  std::vector<tcp::endpoint> endpoints;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::copy_n(reinterpret_cast<const uint8_t*>(entry->ai_addr), entry->ai_addrlen,
                reinterpret_cast<uint8_t*>(endpoint.data()));
    endpoint.port(port);
    endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(found);
  return endpoints;
}

NameLookup::NameLookup(asio::io_context& io) : io_(io), line_(std::make_shared<Line>()) {
  line_->asker = this;
}

NameLookup::~NameLookup() {
  const std::lock_guard lock(line_->mutex);
  line_->asker = nullptr;
}

void NameLookup::find(const std::string& host, uint16_t port, Answer answer) {
  const uint64_t question = next_question_++;
  open_.emplace(question, std::move(answer));
  asio::error_code is_name;
  asio::ip::make_address(host, is_name);
  if (!is_name) {
    asio::post(io_, [this, question, host, port] { deliver(question, look_up(host, port)); });
    return;
  }
  try {
    std::thread([line = line_, question, host, port] {
      std::vector<tcp::endpoint> endpoints = look_up(host, port);
      const std::lock_guard lock(line->mutex);
      NameLookup* asker = line->asker;
      if (asker == nullptr) return;
      asio::post(asker->io_, [asker, question, endpoints = std::move(endpoints)]() mutable {
        asker->deliver(question, std::move(endpoints));
      });
    }).detach();
  } catch (const std::system_error&) {
    // No thread to be had: as if the name were unknown, and so asked again later.
    asio::post(io_, [this, question] { deliver(question, {}); });
  }
}

void NameLookup::deliver(uint64_t question, std::vector<tcp::endpoint> endpoints) {
  const auto entry = open_.extract(question);
  entry.mapped()(std::move(endpoints));
}

}  // namespace govchain::consensus::node
