#include "sim/adversary/interceptor.h"

#include "consensus/assert.h"
#include "consensus/protocols.h"
#include "sim/adversary/adversaries.h"
#include "sim/adversary/conspirators.h"

namespace govchain::sim {

bool applies(AdversarySpec::Kind kind, consensus::Protocol protocol) {
  using Kind = AdversarySpec::Kind;
  if (consensus::traits_of(protocol).faults == consensus::FaultModel::kCrash) {
    return kind == Kind::kSilentLeader || kind == Kind::kMalformedSender;
  }
  if (kind == Kind::kWithholdingOrigin) return consensus::traits_of(protocol).proposes_certified;
  return kind != Kind::kHidingPrimary || conspirators_of(protocol) != nullptr;
}

std::unique_ptr<Interceptor> make_interceptor(const AdversarySpec& adversary,
                                              consensus::Protocol protocol) {
  const consensus::FaultModel faults = consensus::traits_of(protocol).faults;
  switch (adversary.kind) {
    case AdversarySpec::Kind::kSilentLeader:
      return make_silent_leader(faults);
    case AdversarySpec::Kind::kEquivocatingLeader:
      return make_equivocating_leader();
    case AdversarySpec::Kind::kDoubleVoter:
      return make_double_voter();
    case AdversarySpec::Kind::kForger:
      return make_forger();
    case AdversarySpec::Kind::kMalformedSender:
      return make_malformed_sender(faults);
    case AdversarySpec::Kind::kHidingPrimary:
      GOVCHAIN_ASSERT(applies(adversary.kind, protocol));
      return conspirators_of(protocol)();
    case AdversarySpec::Kind::kWithholdingOrigin:
      return make_withholding_origin();
    case AdversarySpec::Kind::kSelectiveLeader:
      return make_selective_leader();
    case AdversarySpec::Kind::kCensor:
      return make_censor();
    case AdversarySpec::Kind::kFlooder:
      return make_flooder();
    case AdversarySpec::Kind::kAmnesiac:
      break;  // says what its engine wants to say: it is its host that forgets
    case AdversarySpec::Kind::kTwin:
      return make_twin();
  }
  GOVCHAIN_ASSERT(false);
  return nullptr;
}

}  // namespace govchain::sim
