#include "analysis/command/validate_published.h"

#include <algorithm>
#include <iostream>
#include <thread>

#include "analysis/command/output_file.h"
#include "analysis/command/progress.h"
#include "analysis/published/published.h"
#include "analysis/report/report.h"

namespace govchain::analysis {

void validate_published(const PublishedOptions& options, CommandContext& context) {
  consensus::Result<std::vector<published::Group>> groups = published::read_groups(context.home);
  if (!groups) return fail(context, groups.error(), kExitUsage);
  Progress progress("published", options.quiet);
  published::PublishedRequest request;
  request.home = context.home;
  request.threads = std::max(1U, std::thread::hardware_concurrency());
  request.stop = context.stop;
  request.progress = [&progress](double share, const std::string& point) {
    progress.tell(share, point);
  };
  const auto result = published::compare_with_published(*std::move(groups), request);
  progress.clear();
  if (!result) {
    if (context.stop->load()) {
      return fail(context, {consensus::ErrorCode::kExhausted, "stopped; nothing was written", {}},
                  kExitFailed);
    }
    return fail(context, result.error(), exit_code_for(result.error()));
  }
  const std::string json = published::published_json(*result, command_line(context));
  consensus::Status written = write_atomically(options.out + "/index.html", render_report(json));
  if (written) written = write_atomically(options.out + "/result.json", json);
  if (!written) return fail(context, written.error(), kExitFailed);
  if (options.json) {
    std::cout << json;
  } else {
    std::cout << published::published_text(*result);
    std::cout << "report " << options.out << "/index.html   data " << options.out
              << "/result.json\n";
  }
  const bool all_hold = std::all_of(result->compared.begin(), result->compared.end(),
                                    [](const published::Compared& one) { return one.holds(); });
  if (!all_hold) context.exit_code = kExitObjective;
}

}  // namespace govchain::analysis
