#include "sim/adversary/interceptor.h"

#include "consensus/assert.h"
#include "sim/adversary/adversaries.h"

namespace govchain::sim {

std::unique_ptr<Interceptor> make_interceptor(const AdversarySpec& adversary,
                                              consensus::Protocol protocol) {
  switch (adversary.kind) {
    case AdversarySpec::Kind::kSilentLeader:
      return make_silent_leader(protocol);
    case AdversarySpec::Kind::kEquivocatingLeader:
      return make_equivocating_leader();
    case AdversarySpec::Kind::kDoubleVoter:
      return make_double_voter();
    case AdversarySpec::Kind::kForger:
      return make_forger();
    case AdversarySpec::Kind::kMalformedSender:
      return make_malformed_sender(protocol);
    case AdversarySpec::Kind::kHidingPrimary:
      return make_hiding_primary();
  }
  GOVCHAIN_ASSERT(false);
  return nullptr;
}

}  // namespace govchain::sim
