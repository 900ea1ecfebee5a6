#pragma once
// asio, and our times as its own.

#include <asio.hpp>
#include <chrono>
#include <string>

#include "consensus/time.h"

namespace govchain::consensus::node {

using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

[[nodiscard]] inline TimePoint steady_now() {
  return TimePoint::since_start(Duration::nanoseconds(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
          .count()));
}
[[nodiscard]] inline std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds());
}

// An address of IPv4 that comes as one of IPv6 is the former.
[[nodiscard]] inline std::string text_of(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace govchain::consensus::node
