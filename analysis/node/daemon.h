#pragma once
// `govchain node --config FILE`: a node with its clients' endpoint and its log, until it is told to
// stop.

#include <atomic>
#include <string>

#include "consensus/result.h"

namespace govchain::analysis {

struct DaemonRequest {
  std::string config;
  const std::atomic<bool>* stop = nullptr;
};

// Runs until `stop`; `reload` is set by SIGHUP, and taken back here. First nothing new is admitted,
// then what is pending is answered or given up after a while, then everything ends. An error: it
// did not start, or the replica's storage failed.
[[nodiscard]] consensus::Status run_daemon(const DaemonRequest& request, std::atomic<bool>& reload);

}  // namespace govchain::analysis
