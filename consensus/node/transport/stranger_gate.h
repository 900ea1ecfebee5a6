#pragma once
// How many connections there may be whose other side has not yet shown who it is: in all, and from
// one address, so that one machine cannot take all places.

#include <cstdint>
#include <map>
#include <string>

namespace govchain::consensus::node {

class StrangerGate {
 public:
  StrangerGate(uint32_t limit, uint32_t limit_per_address)
      : limit_(limit), limit_per_address_(limit_per_address) {}

  // False if there is no place. Whoever got one must leave() again.
  [[nodiscard]] bool enter(const std::string& address);
  void leave(const std::string& address);

 private:
  uint32_t limit_;
  uint32_t limit_per_address_;
  uint32_t inside_ = 0;
  std::map<std::string, uint32_t> by_address_;  // only those with some inside
};

}  // namespace govchain::consensus::node
