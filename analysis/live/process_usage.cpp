#include "analysis/live/process_usage.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <unistd.h>

namespace govchain::analysis::live {

using consensus::Bytes;
using consensus::Duration;

namespace {

std::string file_of(pid_t process, const char* name) {
  return "/proc/" + std::to_string(process) + "/" + name;
}

// The number behind "name:", or 0.
uint64_t field_of(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream text(line.substr(name.size() + 1));
    uint64_t value = 0;
    text >> value;
    return value;
  }
  return 0;
}

}  // namespace

std::optional<ProcessUsage> usage_of(pid_t process) {
  std::ifstream file(file_of(process, "stat"));
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // The second field is the program's name, in parentheses, and may hold anything.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  constexpr int kBeforeUserTime = 11;
  std::string skipped;
  for (int i = 0; i < kBeforeUserTime; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  const int64_t ticks = ::sysconf(_SC_CLK_TCK);
  constexpr uint64_t kKibibyte = 1'024;
  ProcessUsage usage;
  usage.cpu = Duration::seconds(1) * (user + system) / ticks;
  usage.written = Bytes(field_of(file_of(process, "io"), "write_bytes"));
  usage.peak_resident = Bytes(field_of(file_of(process, "status"), "VmHWM") * kKibibyte);
  return usage;
}

std::optional<ProcessHoldings> holdings_of(pid_t process) {
  std::error_code error;
  ProcessHoldings holdings;
  constexpr uint64_t kKibibyte = 1'024;
  holdings.resident = Bytes(field_of(file_of(process, "status"), "VmRSS") * kKibibyte);
  for (std::filesystem::directory_iterator at(file_of(process, "fd"), error), end;
       !error && at != end; at.increment(error)) {
    ++holdings.open_files;
  }
  if (error || holdings.resident == Bytes(0)) return std::nullopt;
  return holdings;
}

}  // namespace govchain::analysis::live
