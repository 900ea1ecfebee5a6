#pragma once
// One question to a node's endpoint, for whoever watches it.

#include <string>

#include "consensus/result.h"
#include "consensus/time.h"

namespace govchain::analysis::live {

struct HttpReply {
  unsigned status = 0;
  std::string body;
};

// GET http://127.0.0.1:port/target. kIo if there is no whole answer in time.
[[nodiscard]] consensus::Result<HttpReply> http_get(uint16_t port, const std::string& target,
                                                    consensus::Duration patience);

}  // namespace govchain::analysis::live
