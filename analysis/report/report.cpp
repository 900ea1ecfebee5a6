#include "analysis/report/report.h"

#include "consensus/assert.h"

// The page, put into the program by the assembler: a megabyte of text is nothing a compiler should
// parse. NOLINTNEXTLINE(hicpp-no-assembler)
asm(R"(
  .section .rodata
  .global govchain_report_page
  .global govchain_report_page_end
govchain_report_page:
  .incbin ")" GOVCHAIN_REPORT_PAGE R"("
govchain_report_page_end:
  .byte 0
  .previous
)");

extern "C" {
extern const char govchain_report_page[];
extern const char govchain_report_page_end[];
}

namespace govchain::analysis {

std::string render_report(std::string_view json) {
  constexpr std::string_view kMarker = "@@DATA@@";
  const std::string_view page(govchain_report_page,
                              static_cast<size_t>(govchain_report_page_end - govchain_report_page));
  const size_t place = page.find(kMarker);
  GOVCHAIN_ASSERT(place != std::string_view::npos);
  std::string report;
  report.reserve(page.size() + json.size() + json.size() / 16);
  report.append(page.substr(0, place));
  // In JSON text '<' can only stand inside a string, where the escape means the same.
  for (const char character : json) {
    if (character == '<') {
      report.append("\\u003c");
    } else {
      report.push_back(character);
    }
  }
  report.append(page.substr(place + kMarker.size()));
  return report;
}

}  // namespace govchain::analysis
