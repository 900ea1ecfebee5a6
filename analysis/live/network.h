#pragma once
// The replicas of a live run: laid out in a folder, each a process of the same program.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/live/child_process.h"
#include "analysis/live/forgetful/rollback.h"
#include "analysis/live/node_figures.h"
#include "analysis/live/process_usage.h"
#include "analysis/node/network_layout.h"
#include "consensus/result.h"
#include "consensus/time.h"

namespace govchain::analysis::live {

struct NetworkRequest {
  std::string folder;   // of the network; new or empty
  std::string program;  // govchain
  // The library that lets a kill forget what was not synced; empty: a kill forgets nothing.
  std::string forgetful;
  NetworkLayout layout;
};

class Network {
 public:
  [[nodiscard]] static consensus::Result<std::unique_ptr<Network>> lay_out(NetworkRequest request);

  [[nodiscard]] uint32_t size() const { return static_cast<uint32_t>(nodes_.size()); }
  [[nodiscard]] const std::string& folder() const { return request_.folder; }
  [[nodiscard]] uint16_t replica_port(uint32_t replica) const;
  [[nodiscard]] uint16_t client_port(uint32_t replica) const;
  [[nodiscard]] std::string data_folder(uint32_t replica) const;

  [[nodiscard]] consensus::Status start(uint32_t replica);
  // Kills it, and takes back what it had not synced.
  [[nodiscard]] consensus::Result<forgetful::Forgotten> kill(uint32_t replica,
                                                             sim::RandomStream& random);
  // From now on its syncs do nothing, to see that the checks notice; until its next start.
  [[nodiscard]] consensus::Status swallow_syncs(uint32_t replica) const;
  void pause(uint32_t replica);
  void resume(uint32_t replica);
  // Whether it should be running: started, and not killed since.
  [[nodiscard]] bool is_up(uint32_t replica) const { return nodes_[replica].process.has_value(); }
  [[nodiscard]] uint32_t starts(uint32_t replica) const { return nodes_[replica].starts; }
  // A replica that should run and has ended, with the end of its log. It counts as down from then
  // on.
  struct Ended {
    uint32_t replica = 0;
    consensus::Error complaint;
  };
  [[nodiscard]] std::optional<Ended> find_ended();

  // Asks it; false also if it does not answer.
  [[nodiscard]] bool is_ready(uint32_t replica) const;
  // Null if it does not answer.
  [[nodiscard]] std::optional<NodeFigures> figures(uint32_t replica) const;
  // Since it was first started: of all its lives.
  [[nodiscard]] ProcessUsage usage(uint32_t replica) const;
  // Null if it does not run.
  [[nodiscard]] std::optional<ProcessHoldings> holdings(uint32_t replica) const;
  // SIGTERM to all that run; kills whoever has not ended in time.
  void stop(consensus::Duration patience);

  // "node 2: …", with the last lines of its log.
  [[nodiscard]] consensus::Error complaint(uint32_t replica, const std::string& what) const;

 private:
  struct Node {
    std::optional<ChildProcess> process;
    ProcessUsage before;  // of lives that are over
    bool is_paused = false;
    uint32_t starts = 0;
  };

  explicit Network(NetworkRequest request);
  [[nodiscard]] std::string own_folder(uint32_t replica) const;
  [[nodiscard]] std::string undo_folder(uint32_t replica) const;

  NetworkRequest request_;
  std::vector<Node> nodes_;
};

}  // namespace govchain::analysis::live
