#include "sim/adversary/conspirators.h"

#include <algorithm>
#include <iterator>

#include "sim/adversary/adversaries.h"

namespace govchain::sim {
namespace {

using consensus::Protocol;

struct Conspirators {
  Protocol protocol;
  ConspiratorFactory make;
};

// A new engine's adversary is a line here and a file beside this one.
constexpr Conspirators kConspirators[] = {
    {Protocol::kPbft, &make_hiding_primary},
    {Protocol::kQbft, &make_qbft_hiding_leader},
    {Protocol::kHotstuff, &make_forking_leader},
    {Protocol::kTendermint, &make_tendermint_hiding_proposer},
};

}  // namespace

ConspiratorFactory conspirators_of(Protocol protocol) {
  const auto* const found =
      std::find_if(std::begin(kConspirators), std::end(kConspirators),
                   [&](const Conspirators& known) { return known.protocol == protocol; });
  return found == std::end(kConspirators) ? nullptr : found->make;
}

}  // namespace govchain::sim
