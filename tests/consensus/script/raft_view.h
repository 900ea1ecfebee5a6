#pragma once
// What scripts about Raft can set and see beyond what all engines have in common.

#include <optional>
#include <set>
#include <string>

#include "consensus/engine.h"
#include "consensus/raft/engine.h"
#include "consensus/result.h"
#include "tests/consensus/data_driven.h"
#include "tests/consensus/script/node.h"

namespace govchain::consensus::testing {

// Arguments of `cluster` that only Raft takes.
[[nodiscard]] const std::set<std::string>& raft_arguments();
[[nodiscard]] Result<raft::RaftConfig> read_raft_arguments(const Case& command);

// "leader (voter) term 1, follows 0".
[[nodiscard]] std::string describe_raft_role(const Node& node, bool as_committed);
// One line per member that a leader knows.
[[nodiscard]] std::string describe_progress(const Node& node);
// One line per entry of the log as it was written, and whether it is durable; or only what a crash
// would leave.
[[nodiscard]] std::string describe_raft_log(const Node& node, const NodeHost& names,
                                            bool only_durable);
// What a message says in its body: " refused, agrees at 3"; empty for other protocols.
[[nodiscard]] std::string describe_raft_body(const Message& message);

}  // namespace govchain::consensus::testing
