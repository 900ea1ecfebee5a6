#include "sim/fuzz/machines.h"

#include <algorithm>
#include <string>

namespace govchain::sim {

void draw_network(Draft& draft) {
  RandomStream random = draft.stream(2);
  NetworkSpec& network = draft.world.network;
  for (uint32_t i = 0; i < draft.places; ++i) {
    PlaceSpec place;
    place.name = "place " + std::to_string(i);
    place.local_delay = between(random, Duration::microseconds(20), Duration::milliseconds(2));
    if (random.chance(0.5)) {
      place.local_jitter = {Jitter::Kind::kExponential,
                            between(random, Duration::zero(), Duration::milliseconds(4)), 0};
    }
    network.places.push_back(place);
  }
  network.routes.resize(size_t{draft.places} * draft.places);
  for (PlaceIndex a = 0; a < draft.places; ++a) {
    for (PlaceIndex b = a + 1; b < draft.places; ++b) {
      const auto trunk = static_cast<TrunkIndex>(network.trunks.size());
      network.trunks.push_back(
          {"trunk " + std::to_string(a) + "-" + std::to_string(b), a, b,
           Rate::bits_per_second(1'000'000 * random.below(1'000)),
           between(random, Duration::milliseconds(1), Duration::milliseconds(15)),
           random.chance(0.2) ? 0.01 : 0});
      network.routes[size_t{a} * draft.places + b] = {trunk};
      network.routes[size_t{b} * draft.places + a] = {trunk};
    }
  }
  if (random.chance(0.5)) {
    network.jitter = {Jitter::Kind::kExponential,
                      between(random, Duration::zero(), Duration::milliseconds(8)), 0};
  }
  network.retransmission_timeout = Duration::milliseconds(50);
}

void draw_hosts(Draft& draft) {
  RandomStream random = draft.stream(3);
  MachineProfile profile = free_machine();
  profile.id = "fuzz";
  profile.cores = static_cast<uint32_t>(random.between(1, 4));
  if (random.chance(0.7)) {
    profile.nic =
        Rate::bits_per_second(1'000'000 * static_cast<uint64_t>(random.between(20, 2'000)));
    profile.costs.message_receive = between(random, Duration::zero(), Duration::microseconds(50));
    profile.costs.message_send = between(random, Duration::zero(), Duration::microseconds(50));
    profile.costs.sign = between(random, Duration::zero(), Duration::microseconds(200));
    profile.costs.verify = between(random, Duration::zero(), Duration::microseconds(200));
    profile.costs.execute_transaction =
        between(random, Duration::zero(), Duration::microseconds(300));
  }
  // Slow disks keep the gap open in which a replica has decided but not yet remembered.
  profile.disk.sync = random.chance(0.2)
                          ? Duration::zero()
                          : between(random, Duration::microseconds(50),
                                    Duration::milliseconds(random.chance(0.3) ? 30 : 5));
  const bool shared = random.chance(0.1);
  const uint32_t hosts = shared ? std::max(1U, draft.n / 2) : draft.n;
  for (uint32_t i = 0; i < hosts; ++i) {
    draft.world.hosts.push_back({"host " + std::to_string(i), i % draft.places, profile});
  }
}

}  // namespace govchain::sim
