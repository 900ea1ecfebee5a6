#pragma once
// A node: one replica put together from its files, with its transport, until it is stopped.
//
// Opened first, so that whoever serves its clients can be told of it, then run.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/node/config/members_file.h"
#include "consensus/node/config/network_file.h"
#include "consensus/node/config/node_file.h"
#include "consensus/node/files/data_folder.h"
#include "consensus/node/host/replica.h"
#include "consensus/node/transport/transport.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

// The state machine that the chain's blocks are run on.
struct NodeApplication {
  ExecutionThread::Genesis genesis;
  PayloadCheck check_payload;
};

class Node {
 public:
  // Everything that the files contradict is refused before anything runs: kInvalid (a key that is
  // not this member's, a data folder that is another's or in use, credentials), kCorrupt (data that
  // do not fit together). The listener must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Node>> open(const NodeFile& file,
                                                          const NetworkFile& network,
                                                          const NodeApplication& application,
                                                          ReplicaListener& listener);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Once. kIo: the address is taken or unknown.
  [[nodiscard]] Status run();
  // Stops at once; what was handed to the log is written. Nothing else may be asked afterwards.
  void stop();

  [[nodiscard]] Replica& replica() { return *replica_; }
  // Null until it runs.
  [[nodiscard]] Transport* transport() { return transport_.get(); }
  // The newest one that it begins with; height 0 if there is none.
  [[nodiscard]] const Checkpoint& checkpoint() const { return checkpoint_; }
  // Takes over what may change while it runs: where peers are, and how long lines are.
  void reload(const NodeFile& file, const std::optional<MembersFile>& wanted);

 private:
  Node() = default;

  std::vector<PeerAddress> genesis_;  // addresses of the network's file
  TransportSettings transport_settings_;
  Checkpoint checkpoint_;
  std::unique_ptr<DataFolder> data_;
  std::unique_ptr<Replica> replica_;
  std::unique_ptr<Transport> transport_;
};

// The file that the node's file names; null if it names none, or there is none.
[[nodiscard]] Result<std::optional<MembersFile>> wanted_members(const NodeFile& file,
                                                                Protocol protocol);
// Who is to be reached, without oneself: the network's members and those that are wanted, where the
// latter, and the node's own file before all, say that they are.
[[nodiscard]] std::vector<PeerAddress> peers_of(const NodeFile& file,
                                                const std::vector<PeerAddress>& genesis,
                                                const std::optional<MembersFile>& wanted);

}  // namespace govchain::consensus::node
