#include "analysis/live/free_ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>

#include "consensus/node/files/descriptor.h"

namespace govchain::analysis::live {

using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::node::Descriptor;

namespace {

bool is_free(uint32_t port) {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return false;
  // As servers do: a port that closed connections still remember is free.
  const int yes = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Result<uint16_t> free_ports(uint32_t count) {
  constexpr uint32_t kLowest = 10'000;
  constexpr uint32_t kHighest = 32'000;
  constexpr uint32_t kRoom = kHighest - kLowest;
  // Two runs that begin at the same time look in different places.
  const uint32_t start = std::random_device()() % kRoom;
  uint32_t in_a_row = 0;
  for (uint32_t tried = 0; tried < 2 * kRoom; ++tried) {
    const uint32_t port = kLowest + (start + tried) % kRoom;
    if (port == kLowest) in_a_row = 0;
    in_a_row = is_free(port) ? in_a_row + 1 : 0;
    if (in_a_row == count) return static_cast<uint16_t>(port - count + 1);
  }
  return Error{ErrorCode::kExhausted,
               "no " + std::to_string(count) + " free ports in a row on the loopback address",
               {}};
}

}  // namespace govchain::analysis::live
