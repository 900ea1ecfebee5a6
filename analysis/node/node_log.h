#pragma once
// A node's log: one JSON object to a line on standard error, for whatever collects it.

#include <memory>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "consensus/node/config/node_file.h"
#include "consensus/types.h"

namespace spdlog {
class logger;
}

namespace govchain::analysis {

class NodeLog {
 public:
  NodeLog(consensus::ChainId chain, consensus::ReplicaId replica, consensus::node::LogLevel level);
  ~NodeLog();
  NodeLog(const NodeLog&) = delete;
  NodeLog& operator=(const NodeLog&) = delete;

  // Any thread. `fields` is an object; time, level, chain, replica and event are added to it.
  void write(consensus::node::LogLevel level, std::string_view event, nlohmann::json fields);
  void set_level(consensus::node::LogLevel level);

 private:
  consensus::ChainId chain_;
  consensus::ReplicaId replica_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace govchain::analysis
