#include "analysis/calibrate/machine.h"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "analysis/calibrate/clocks.h"

namespace govchain::analysis {

using consensus::Duration;

namespace {

constexpr const char* kUnknown = "unknown";

// The value of the first line of this name in a file of "name : value" lines.
std::string value_in(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, name.size(), name) != 0) continue;
    const size_t begin = line.find_first_not_of(" \t", line.find(':') + 1);
    return begin == std::string::npos ? kUnknown : line.substr(begin);
  }
  return kUnknown;
}

uint32_t usable_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    return static_cast<uint32_t>(std::max(1, CPU_COUNT(&allowed)));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string now_as_text() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

Duration of_timeval(const timeval& time) {
  return Duration::seconds(time.tv_sec) + Duration::microseconds(time.tv_usec);
}

// The first line of /proc/stat (proc(5)): user, nice, system, idle, waiting for disks, interrupts,
// soft interrupts, stolen; in ticks, all cores together.
void read_core_times(Activity& activity) {
  std::istringstream in(text_of("/proc/stat"));
  std::string word;
  int64_t user = 0, nice = 0, system = 0, idle = 0, disks = 0, hard = 0, soft = 0, stolen = 0;
  if (!(in >> word >> user >> nice >> system >> idle >> disks >> hard >> soft >> stolen)) return;
  const int64_t ticks = std::max(1L, sysconf(_SC_CLK_TCK));
  const Duration tick = Duration::seconds(1) / ticks;
  activity.busy = tick * (user + nice + system + hard + soft);
  activity.stolen = tick * stolen;
}

double share(Duration part, Duration whole) {
  return whole <= Duration::zero() ? 0 : std::max(0.0, part.to_seconds() / whole.to_seconds());
}

}  // namespace

std::string file_system_of(const std::string& path, const std::string& mount_table) {
  std::error_code error;
  const std::string whole = std::filesystem::canonical(path, error).string();
  std::string best = kUnknown;
  size_t longest = 0;
  std::istringstream lines(mount_table);
  for (std::string line; std::getline(lines, line);) {
    // 36 35 98:0 /root /mount/point options … - type device more
    std::istringstream fields(line);
    std::string ignored, point, word, type, device;
    fields >> ignored >> ignored >> ignored >> ignored >> point;
    while (fields >> word && word != "-") {
    }
    if (!(fields >> type >> device)) continue;
    const bool holds =
        point == "/" || whole == point || whole.compare(0, point.size() + 1, point + "/") == 0;
    if (!holds || point.size() < longest) continue;
    longest = point.size();
    best = type + " on " + device;
  }
  return best;
}

Machine this_machine(const std::string& folder) {
  Machine machine;
  machine.processor = value_in("/proc/cpuinfo", "model name");
  machine.cores = usable_cores();
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) {
    machine.memory = consensus::Bytes(static_cast<uint64_t>(pages) * static_cast<uint64_t>(page));
  }
  utsname system{};
  machine.kernel = ::uname(&system) == 0 ? std::string(system.sysname) + " " + system.release
                                         : std::string(kUnknown);
  machine.file_system = file_system_of(folder, text_of("/proc/self/mountinfo"));
  machine.date = now_as_text();
  return machine;
}

Activity activity_now() {
  Activity activity;
  activity.at = SystemClocks().wall();
  double loads[1] = {0};
  if (getloadavg(loads, 1) == 1) activity.load = loads[0];
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    activity.processor = of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime);
    activity.involuntary_switches = static_cast<uint64_t>(usage.ru_nivcsw);
  }
  read_core_times(activity);
  // Time on a core, time ready without one, turns (Documentation/scheduler/sched-stats).
  std::istringstream in(text_of("/proc/thread-self/schedstat"));
  int64_t on_core = 0, ready = 0;
  if (in >> on_core >> ready) activity.waited = Duration::nanoseconds(ready);
  return activity;
}

Quiet quiet_between(const Activity& before, const Activity& after, uint32_t cores,
                    const Figures& figures) {
  // More than these, and a median over rounds is not what the machine can do.
  constexpr double kMostLoad = 0.3;  // of a core, before it begins
  constexpr double kMostOthers = 0.1;
  constexpr double kMostStolen = 0.02;
  constexpr double kMostWaited = 0.05;
  constexpr double kWideSpread = 0.1;
  constexpr double kMostSpread = 0.25;
  Quiet quiet;
  const Duration took = after.at - before.at;
  const Duration of_cores = took * int64_t{cores};
  quiet.load_before = before.load;
  quiet.load_after = after.load;
  const Duration own = after.processor - before.processor;
  quiet.others = share(after.busy - before.busy - own, of_cores);
  quiet.stolen = share(after.stolen - before.stolen, of_cores);
  quiet.waited = share(after.waited - before.waited, took);
  if (took > Duration::zero()) {
    quiet.involuntary_switches_per_second =
        static_cast<double>(after.involuntary_switches - before.involuntary_switches) /
        took.to_seconds();
  }
  uint64_t rows = 0;
  uint64_t wide = 0;
  for (const auto& [name, row] : figures.rows()) {
    if (row.kind != RowKind::kProcessor) continue;
    ++rows;
    if (row.spread().relative() > kWideSpread) ++wide;
  }
  if (rows > 0) quiet.spread = static_cast<double>(wide) / static_cast<double>(rows);

  if (quiet.load_before > kMostLoad * cores) {
    quiet.reasons.push_back(
        fmt::format("load {:.1f} before it began, on {} cores", quiet.load_before, cores));
  }
  const auto judge = [&quiet](double value, double most, const char* what) {
    if (value > most) quiet.reasons.push_back(fmt::format("{:.0f} % {}", value * 100, what));
  };
  judge(quiet.others, kMostOthers, "of all cores' time went to others");
  judge(quiet.stolen, kMostStolen, "of all cores' time was stolen by the machine below");
  judge(quiet.waited, kMostWaited, "of the time it was ready and had no core");
  judge(quiet.spread, kMostSpread, "of the processor times have quartiles a tenth apart");
  return quiet;
}

}  // namespace govchain::analysis
