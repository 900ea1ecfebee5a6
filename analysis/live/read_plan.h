#pragma once
// What a live run's clients read beside what they write.

#include <cstdint>

namespace govchain::analysis::live {

struct ReadPlan {
  uint32_t per_second = 0;  // 0: nobody reads
  // From the asked replica's state as it is: stale reads, to see that they are noticed.
  bool local = false;
  uint64_t seed = 1;  // of which payload is asked for
};

}  // namespace govchain::analysis::live
