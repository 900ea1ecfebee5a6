#include "tests/consensus/script/protocol.h"

#include <utility>

#include "consensus/raft/engine.h"

namespace govchain::consensus::testing {

namespace {

std::unique_ptr<Engine> make_default_raft(const EngineConfig& config, RecoveredState recovered) {
  return raft::make_raft(config, {}, std::move(recovered));
}

constexpr ScriptProtocol kProtocols[] = {
    {"raft", make_default_raft, raft::message_name},
};

}  // namespace

const ScriptProtocol* find_protocol(std::string_view name) {
  for (const ScriptProtocol& protocol : kProtocols) {
    if (protocol.name == name) return &protocol;
  }
  return nullptr;
}

}  // namespace govchain::consensus::testing
