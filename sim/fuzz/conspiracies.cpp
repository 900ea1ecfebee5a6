#include "sim/fuzz/conspiracies.h"

#include <algorithm>
#include <iterator>

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

// Whoever forgets must come to a moment at which it does.
void draw_restarts(Draft& draft, RandomStream& random, const AdversarySpec& forgetful) {
  const uint64_t count = 1 + random.below(3);
  for (uint64_t i = 0; i < count; ++i) {
    FaultSpec crash;
    crash.kind = FaultSpec::Kind::kCrash;
    crash.group = {forgetful.replica};
    crash.at =
        between(random, std::min(forgetful.from, draft.chaos * 9 / 10), draft.chaos * 9 / 10);
    crash.duration = between(random, Duration::milliseconds(1),
                             std::min(draft.chaos - crash.at, Duration::milliseconds(200)));
    draft.world.faults.push_back(crash);
  }
}

}  // namespace

void draw_subtler_adversaries(Draft& draft) {
  RandomStream random = draft.stream(25);
  // Whoever fills a link that honest replicas share keeps their messages away for as long as it
  // likes: no protocol is live there, and to cut it off is for the transport.
  const bool narrow = draft.has_narrow_trunk();
  for (AdversarySpec& adversary : draft.world.adversaries) {
    if (adversary.kind == AdversarySpec::Kind::kHidingPrimary || !random.chance(0.4)) continue;
    constexpr AdversarySpec::Kind kKinds[] = {
        AdversarySpec::Kind::kSelectiveLeader, AdversarySpec::Kind::kCensor,
        AdversarySpec::Kind::kFlooder, AdversarySpec::Kind::kAmnesiac, AdversarySpec::Kind::kTwin};
    adversary.kind = kKinds[random.below(std::size(kKinds))];
    if (adversary.kind == AdversarySpec::Kind::kFlooder && narrow) {
      adversary.kind = AdversarySpec::Kind::kCensor;
    }
    if (adversary.kind == AdversarySpec::Kind::kAmnesiac) draw_restarts(draft, random, adversary);
  }
}

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
