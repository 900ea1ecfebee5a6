#pragma once
// What a campaign adds to a plain world: faults, adversaries and requests. They are numbered
// through, faults first, then adversaries, then requests, so that a replay can name those it needs.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/result.h"
#include "sim/world_spec.h"

namespace govchain::sim {

[[nodiscard]] std::string_view name_of(FaultSpec::Kind kind);
[[nodiscard]] std::string_view name_of(AdversarySpec::Kind kind);
[[nodiscard]] std::string_view name_of(RequestSpec::Kind kind);
// All of the names above.
[[nodiscard]] std::vector<std::string_view> item_names();

[[nodiscard]] size_t item_count(const WorldSpec& world);
[[nodiscard]] std::string_view item_name(const WorldSpec& world, size_t ordinal);

// Which of a seed's items take part.
class ItemFilter {
 public:
  // "all", "none", or names and numbers separated by commas: "crash,loss", "0,4". Error kInvalid
  // with the word that is neither, and the nearest name.
  [[nodiscard]] static consensus::Result<ItemFilter> parse(std::string_view text);
  [[nodiscard]] static ItemFilter only(const std::vector<uint32_t>& ordinals);

  [[nodiscard]] bool allows(std::string_view name, size_t ordinal) const;
  // True if items are named by number, as a replay of a single seed does.
  [[nodiscard]] bool by_number() const { return !ordinals_.empty(); }
  [[nodiscard]] bool everything() const { return everything_; }

 private:
  bool everything_ = true;
  std::vector<std::string> names_;
  std::vector<uint32_t> ordinals_;
};

// Removes the items that the filter does not allow.
void keep_items(const ItemFilter& filter, WorldSpec& world);

}  // namespace govchain::sim
