#pragma once
// The self-contained HTML report: a page that is built once from analysis/report/web, with a
// result's JSON put into it.

#include <string>
#include <string_view>

namespace govchain::analysis {

// `json` is the text of a result of `plan` or `run`. It is escaped so that no data can end the
// script element.
[[nodiscard]] std::string render_report(std::string_view json);

}  // namespace govchain::analysis
