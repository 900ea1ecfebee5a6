#pragma once
// What scripts about Tendermint, QBFT and HotStuff, the engines on consensus/chain, can set and see
// beyond what all engines have in common.

#include <set>
#include <string>

#include "consensus/engine.h"
#include "consensus/protocol_settings.h"
#include "consensus/result.h"
#include "tests/consensus/data_driven.h"
#include "tests/consensus/script/block_names.h"
#include "tests/consensus/script/node.h"

namespace govchain::consensus::testing {

// Whether the engine is built on consensus/chain and known here.
[[nodiscard]] bool is_chain_protocol(Protocol protocol);

// Arguments of `cluster` that only this protocol takes.
[[nodiscard]] std::set<std::string> chain_arguments(Protocol protocol);
[[nodiscard]] Status read_chain_arguments(const Case& command, Protocol protocol,
                                          ProtocolSettings& settings);

// What a message says in its body and about which block: " for {a}", " {a} valid-round 0"; empty
// for other protocols.
[[nodiscard]] std::string describe_chain_body(const Message& message, const BlockNames& names);

// One line for each record of the protocol in the replica's log about heights that are not
// committed, and whether it is durable: what binds the replica after a crash.
[[nodiscard]] std::string describe_chain_log(const Node& node, const BlockNames& names);

}  // namespace govchain::consensus::testing
