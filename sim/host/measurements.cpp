#include "sim/host/measurements.h"

#include <algorithm>
#include <array>

#include "consensus/assert.h"
#include "sim/distribution.h"

namespace govchain::sim {

Duration MeasuredTime::at(double share) const {
  GOVCHAIN_ASSERT(share >= 0 && share <= 1);
  const std::array<std::pair<double, Duration>, 7> known{{{0.0, minimum},
                                                          {0.25, low_quartile},
                                                          {0.5, median},
                                                          {0.75, high_quartile},
                                                          {0.9, p90},
                                                          {0.99, p99},
                                                          {1.0, maximum}}};
  for (size_t i = 1; i < known.size(); ++i) {
    const auto& [from, below] = known[i - 1];
    const auto& [to, above] = known[i];
    if (share > to) continue;
    const auto width = static_cast<double>((above - below).nanoseconds());
    return below + round_to_nanoseconds(width * (share - from) / (to - from));
  }
  return maximum;
}

const std::string* MeasuredRow::label(std::string_view key) const {
  const auto found =
      std::find_if(of.begin(), of.end(), [key](const auto& one) { return one.first == key; });
  return found == of.end() ? nullptr : &found->second;
}

const MeasuredRow* Measurements::find(std::string_view what, Labels of) const {
  const auto fits = [&](const MeasuredRow& row) {
    return row.what == what && std::all_of(of.begin(), of.end(), [&row](const auto& wanted) {
             const std::string* const found = row.label(wanted.first);
             return found != nullptr && *found == wanted.second;
           });
  };
  const auto found = std::find_if(rows.begin(), rows.end(), fits);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace govchain::sim
