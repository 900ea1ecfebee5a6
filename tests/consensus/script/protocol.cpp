#include "tests/consensus/script/protocol.h"

#include <utility>

#include "consensus/pbft/engine.h"
#include "consensus/raft/engine.h"

namespace govchain::consensus::testing {

namespace {

std::unique_ptr<Engine> make_default_pbft(const EngineConfig& config, RecoveredState recovered) {
  return pbft::make_pbft(config, {}, std::move(recovered));
}

std::unique_ptr<Engine> make_default_raft(const EngineConfig& config, RecoveredState recovered) {
  return raft::make_raft(config, {}, std::move(recovered));
}

constexpr ScriptProtocol kProtocols[] = {
    {"pbft", make_default_pbft, pbft::message_name},
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
