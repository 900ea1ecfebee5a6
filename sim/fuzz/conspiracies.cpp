#include "sim/fuzz/conspiracies.h"

#include "sim/adversary/interceptor.h"

namespace govchain::sim {
namespace {

AdversarySpec::Kind adversary_kind(const Draft& draft, RandomStream& random) {
  if (!draft.byzantine()) {
    return random.chance(0.5) ? AdversarySpec::Kind::kSilentLeader
                              : AdversarySpec::Kind::kMalformedSender;
  }
  return static_cast<AdversarySpec::Kind>(random.below(5));
}

// In some worlds all adversaries conspire to make a new view forget what an honest first primary
// has committed, which is lost just then.
void draw_hiding_primaries(Draft& draft) {
  RandomStream random = draft.stream(9);
  if (!random.chance(0.2)) return;
  ReplicaIndex next = 1;
  for (AdversarySpec& adversary : draft.world.adversaries) {
    adversary.kind = AdversarySpec::Kind::kHidingPrimary;
    adversary.replica = next++;
    adversary.from = Duration::zero();
  }
}

}  // namespace

void draw_adversaries(Draft& draft) {
  RandomStream random = draft.stream(5);
  const double share = draft.byzantine() ? 0.5 : 0.15;
  if (draft.faulty() == 0 || !random.chance(share)) return;
  const uint64_t count = 1 + random.below(draft.faulty());
  // The first views are led by the first replicas: most adversaries shall get to lead.
  ReplicaIndex next = static_cast<ReplicaIndex>(random.chance(0.7) ? 0 : random.below(draft.n));
  for (uint64_t i = 0; i < count; ++i) {
    AdversarySpec adversary;
    adversary.kind = adversary_kind(draft, random);
    adversary.replica = next;
    next = (next + 1) % draft.n;
    adversary.from = random.chance(0.5) ? Duration::zero() : between(random, {}, draft.chaos);
    draft.world.adversaries.push_back(adversary);
  }
  if (applies(AdversarySpec::Kind::kHidingPrimary, draft.protocol)) draw_hiding_primaries(draft);
}

void draw_withholding_origins(Draft& draft) {
  RandomStream random = draft.stream(13);
  for (AdversarySpec& adversary : draft.world.adversaries) {
    if (random.chance(0.5)) adversary.kind = AdversarySpec::Kind::kWithholdingOrigin;
  }
}

}  // namespace govchain::sim
