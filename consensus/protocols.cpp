#include "consensus/protocols.h"

#include <array>

#include "consensus/assert.h"
#include "consensus/hotstuff/engine.h"
#include "consensus/pbft/engine.h"
#include "consensus/qbft/engine.h"
#include "consensus/raft/engine.h"
#include "consensus/tendermint/engine.h"

namespace govchain::consensus {
namespace {

// A line for each engine.
constexpr std::array kEngines = {
    &pbft::traits, &raft::traits, &tendermint::traits, &qbft::traits, &hotstuff::traits,
};

using Table = std::array<const ProtocolTraits*, kEngines.size()>;

const Table& table() {
  static const Table known = [] {
    Table made{};
    for (size_t i = 0; i < made.size(); ++i) made[i] = &kEngines[i]();
    return made;
  }();
  return known;
}

}  // namespace

std::span<const ProtocolTraits* const> protocols() { return table(); }

const ProtocolTraits* find_protocol(uint8_t number) {
  for (const ProtocolTraits* traits : table()) {
    if (static_cast<uint8_t>(traits->protocol) == number) return traits;
  }
  return nullptr;
}

const ProtocolTraits* find_protocol(std::string_view name) {
  for (const ProtocolTraits* traits : table()) {
    if (traits->name == name) return traits;
  }
  return nullptr;
}

const ProtocolTraits& traits_of(Protocol protocol) {
  const ProtocolTraits* traits = find_protocol(static_cast<uint8_t>(protocol));
  GOVCHAIN_ASSERT(traits != nullptr);
  return *traits;
}

bool proves_commit(HashAlgorithm algorithm, const Certificate& certificate, const Block& block) {
  const Statement& statement = certificate.statement;
  const ProtocolTraits& traits = traits_of(statement.protocol);
  if (traits.proves_commit != nullptr) return traits.proves_commit(algorithm, certificate, block);
  return traits.roles.of(statement.type) == MessageRole::kFinalVote &&
         statement.height == block.height && statement.digest == block.digest;
}

}  // namespace govchain::consensus
