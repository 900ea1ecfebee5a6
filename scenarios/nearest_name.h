#pragma once
// The known name that a mistyped one most likely means.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace govchain::scenarios {

// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. Names longer than
// kMaxCompared characters are compared by their first kMaxCompared.
inline constexpr size_t kMaxCompared = 64;
[[nodiscard]] size_t edit_distance(std::string_view a, std::string_view b);

// The closest of `known`, if it is close enough to be what was meant: at most a third of the
// letters wrong, or one the beginning of the other. Ties go to the first.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view name,
                                                      const std::vector<std::string>& known);

}  // namespace govchain::scenarios
