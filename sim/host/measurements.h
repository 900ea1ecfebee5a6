#pragma once
// Single measurements of one machine, as `govchain calibrate` makes them
// (scenarios/data/README.md).

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/units.h"

namespace govchain::sim {

struct MeasuredTime {
  Duration minimum;
  Duration low_quartile;
  Duration median;
  Duration high_quartile;
  Duration p90;  // of waits; elsewhere equal to the maximum
  Duration p99;
  Duration maximum;
  // The time that a share of all is below, by straight lines between what is known; share in 0..1.
  [[nodiscard]] Duration at(double share) const;
};

struct MeasuredRow {
  std::string what;
  std::vector<std::pair<std::string, std::string>> of;
  MeasuredTime time;
  // Null if there is none of this key.
  [[nodiscard]] const std::string* label(std::string_view key) const;
};

struct Measurements {
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  std::vector<MeasuredRow> rows;
  // The first of this name with these labels, whatever others it has; null if there is none.
  [[nodiscard]] const MeasuredRow* find(std::string_view what, Labels of = {}) const;
};

}  // namespace govchain::sim
