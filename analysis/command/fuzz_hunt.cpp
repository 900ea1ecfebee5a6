#include "analysis/command/fuzz_hunt.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/command/command.h"
#include "analysis/command/known_mutants.h"
#include "analysis/command/mutant_sources.h"
#include "analysis/command/output_file.h"

namespace govchain::analysis {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCannotStart = 127;

std::filesystem::path mutants_program() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() /
         "govchain-mutants";
}

int cannot_start() {
  std::cerr << "govchain fuzz: cannot start " << mutants_program().string()
            << ", which holds the planted bugs and stands beside this program\n";
  return kExitFailed;
}

// Starts the program that holds the planted bugs. If `output` is given, its standard output goes
// there and its standard error nowhere.
pid_t start(const FuzzRequest& request, std::optional<int> output) {
  const std::string program = mutants_program().string();
  std::vector<std::string> words = {program,
                                    request.mutant,
                                    std::to_string(request.first_seed),
                                    std::to_string(request.end_seed),
                                    request.faults,
                                    std::to_string(request.replicas),
                                    std::to_string(request.threads),
                                    std::to_string(request.max_failures),
                                    request.json ? "json" : "text",
                                    request.shrink ? "shrunk" : "as-found"};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::cout.flush();
  std::fflush(stdout);
  const pid_t child = fork();
  if (child != 0) return child;
  if (output) {
    dup2(*output, STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
  }
  execv(program.c_str(), arguments.data());
  _exit(kCannotStart);
}

// One bug in one range of seeds.
struct Hunt {
  size_t mutant = 0;
  uint32_t range = 0;
  pid_t process = -1;
  int output = -1;               // to read from; the hunter writes less than a pipe holds
  bool found = false;            //
  std::optional<uint64_t> seed;  // the first, counted from the begin of its range; none if unknown
  std::string rule;
};

std::string read_all(int file) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t count = read(file, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer, static_cast<size_t>(count));
  }
}

class Hunters {
 public:
  Hunters(FuzzRequest request, uint32_t ranges, const std::atomic<bool>* stop)
      : request_(std::move(request)), stop_(stop), at_once_(std::max(1U, request_.threads)) {
    length_ = request_.end_seed - request_.first_seed;
    request_.threads = 1;  // a bug that aborts would otherwise name any of the seeds under way
    request_.max_failures = 1;
    request_.json = true;
    request_.shrink = false;
    request_.quiet = true;
    request_.out.clear();
    for (size_t mutant = 0; mutant < mutants_.size(); ++mutant) {
      for (uint32_t range = 0; range < ranges; ++range) {
        Hunt hunt;
        hunt.mutant = mutant;
        hunt.range = range;
        hunts_.push_back(std::move(hunt));
      }
    }
  }

  // False if stopped, or if the program cannot be started.
  bool run() {
    size_t next = 0;
    size_t running = 0;
    while (!failed_ && (next < hunts_.size() || running > 0)) {
      if (stop_ != nullptr && stop_->load()) break;
      if (next < hunts_.size() && running < at_once_) {
        begin(hunts_[next++]);
        ++running;
        continue;
      }
      int status = 0;
      const pid_t ended = waitpid(-1, &status, 0);
      if (ended < 0) continue;  // interrupted
      const auto hunt = std::find_if(hunts_.begin(), hunts_.end(),
                                     [&](const Hunt& each) { return each.process == ended; });
      if (hunt == hunts_.end()) continue;
      --running;
      finish(*hunt, status);
    }
    const bool complete = !failed_ && next == hunts_.size() && running == 0;
    for (Hunt& hunt : hunts_) end(hunt);
    return complete;
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const std::vector<KnownMutant>& mutants() const { return mutants_; }
  // Those of one bug stand together, range after range.
  [[nodiscard]] const std::vector<Hunt>& hunts() const { return hunts_; }

 private:
  void begin(Hunt& hunt) {
    request_.mutant = mutants_[hunt.mutant].name;
    FuzzRequest each = request_;
    each.first_seed = request_.first_seed + hunt.range * length_;
    each.end_seed = each.first_seed + length_;
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) {
      failed_ = true;
      return;
    }
    hunt.process = start(each, ends[1]);
    hunt.output = ends[0];
    close(ends[1]);
    if (hunt.process < 0) failed_ = true;
  }

  void finish(Hunt& hunt, int status) {
    hunt.process = -1;
    const std::string text = read_all(hunt.output);
    if (WIFSIGNALED(status)) {
      hunt.found = true;
      hunt.rule = "crash";
      return;
    }
    if (WEXITSTATUS(status) == kCannotStart) failed_ = true;
    if (WEXITSTATUS(status) != kExitViolation) return;
    hunt.found = true;
    const Json report = Json::parse(text, nullptr, false);
    if (!report.contains("violations") || report["violations"].empty()) return;
    const Json& first = report["violations"].front();
    const uint64_t begin = request_.first_seed + hunt.range * length_;
    hunt.seed = first["seed"].get<uint64_t>() - begin;
    const std::string what = first["what"].get<std::string>();
    hunt.rule = what.substr(0, what.find_first_of(":("));
    while (!hunt.rule.empty() && hunt.rule.back() == ' ') hunt.rule.pop_back();
  }

  static void end(Hunt& hunt) {
    if (hunt.process > 0) {
      kill(hunt.process, SIGKILL);
      waitpid(hunt.process, nullptr, 0);
    }
    if (hunt.output >= 0) close(hunt.output);
  }

  FuzzRequest request_;
  const std::atomic<bool>* stop_;
  unsigned at_once_;
  uint64_t length_ = 0;
  std::vector<KnownMutant> mutants_ = known_mutants();
  std::vector<Hunt> hunts_;
  bool failed_ = false;
};

// What became of one bug.
struct Catch {
  const KnownMutant* mutant = nullptr;
  std::vector<Hunt> hunts;
  std::optional<uint64_t> median;  // seeds that passed before; none if too few ranges found it
};

// Where it was not found counts as later than all.
std::optional<uint64_t> median_of(const std::vector<Hunt>& hunts) {
  std::vector<uint64_t> seeds;
  for (const Hunt& hunt : hunts) {
    seeds.push_back(hunt.found ? hunt.seed.value_or(0) : UINT64_MAX);
  }
  std::sort(seeds.begin(), seeds.end());
  const uint64_t upper = seeds[seeds.size() / 2];
  if (upper == UINT64_MAX) return std::nullopt;
  const uint64_t lower = seeds[(seeds.size() - 1) / 2];
  return lower + (upper - lower + 1) / 2;
}

// The rules that caught it, the most frequent first: "agreement 9, lock 1"; without the number if
// it is but one rule.
std::string rules_of(const Catch& caught) {
  std::map<std::string, size_t> times;
  for (const Hunt& hunt : caught.hunts) {
    if (hunt.found) ++times[hunt.rule];
  }
  std::vector<std::pair<std::string, size_t>> ordered(times.begin(), times.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [rule, count] : ordered) {
    text += text.empty() ? "" : ", ";
    text += rule;
    if (ordered.size() > 1) text += " " + std::to_string(count);
  }
  return text.empty() ? "-" : text;
}

std::string seeds_of(const Catch& caught) {
  std::string text;
  for (const Hunt& hunt : caught.hunts) {
    text += text.empty() ? "" : " ";
    text += !hunt.found ? "-" : hunt.seed ? std::to_string(*hunt.seed) : "?";
  }
  return text;
}

std::string median_text(const Catch& caught) {
  return caught.median ? std::to_string(*caught.median) : "NOT FOUND";
}

Json to_json(const std::vector<Catch>& catches, const FuzzRequest& request, uint32_t ranges) {
  Json list = Json::array();
  for (const Catch& caught : catches) {
    Json seeds = Json::array();
    for (const Hunt& hunt : caught.hunts) seeds.push_back(hunt.seed ? Json(*hunt.seed) : Json());
    list.push_back({{"mutant", caught.mutant->name},
                    {"breaks", caught.mutant->description},
                    {"source", mutant_source(caught.mutant->name)},
                    {"found", caught.median.has_value()},
                    {"rules", rules_of(caught)},
                    {"seeds", std::move(seeds)},
                    {"median", caught.median ? Json(*caught.median) : Json()}});
  }
  return Json{{"first_seed", request.first_seed},
              {"range_size", request.end_seed - request.first_seed},
              {"ranges", ranges},
              {"mutants", std::move(list)}};
}

std::string to_markdown(const std::vector<Catch>& catches, const FuzzRequest& request,
                        uint32_t ranges) {
  const uint64_t length = request.end_seed - request.first_seed;
  std::string text = fmt::format(
      "# Planted bugs\n\nMade with `govchain fuzz --mutant all --seeds {}:{} --ranges {}{} --out "
      "results/fuzz/mutants.md`: {} ranges of {} seeds, one\nafter the other. A number is how many "
      "seeds of its range passed before the one that broke a rule; `-`: none did.\n\n"
      "| bug | what is broken | source | rule that caught it, ranges | median | in each "
      "range |\n|---|---|---|---|---|---|\n",
      request.first_seed, request.end_seed, ranges,
      request.replicas == 0 ? "" : " --replicas " + std::to_string(request.replicas), ranges,
      length);
  for (const Catch& caught : catches) {
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", caught.mutant->name,
                        caught.mutant->description, mutant_source(caught.mutant->name),
                        rules_of(caught), median_text(caught), seeds_of(caught));
  }
  return text;
}

void print_table(const std::vector<Catch>& catches, const FuzzRequest& request, uint32_t ranges) {
  fmt::print("{:<44} {:<32} {:>9}  {}\n", "planted bug", "caught by", "median",
             "seeds before it, in each range");
  size_t found = 0;
  for (const Catch& caught : catches) {
    fmt::print("{:<44} {:<32} {:>9}  {}\n", caught.mutant->name, rules_of(caught),
               median_text(caught), seeds_of(caught));
    if (caught.median) ++found;
  }
  fmt::print("{} of {} found; {} range{} of {} seeds from {}\n", found, catches.size(), ranges,
             ranges == 1 ? "" : "s", request.end_seed - request.first_seed, request.first_seed);
  std::fflush(stdout);
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

int hunt_one(const FuzzRequest& request) {
  const pid_t child = start(request, std::nullopt);
  if (child < 0) return cannot_start();
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return kExitViolation;  // a crash is a find
  return WEXITSTATUS(status) == kCannotStart ? cannot_start() : WEXITSTATUS(status);
}

int hunt_all(const FuzzRequest& request, uint32_t ranges, const std::atomic<bool>* stop) {
  Hunters hunters(request, ranges, stop);
  if (!hunters.run()) return hunters.failed() ? cannot_start() : kExitFailed;
  std::vector<Catch> catches;
  for (const Hunt& hunt : hunters.hunts()) {
    if (hunt.range == 0) catches.push_back({&hunters.mutants()[hunt.mutant], {}, {}});
    catches.back().hunts.push_back(hunt);
  }
  for (Catch& caught : catches) caught.median = median_of(caught.hunts);
  if (request.json) {
    std::cout << to_json(catches, request, ranges).dump(2) << "\n";
  } else {
    print_table(catches, request, ranges);
  }
  if (!request.out.empty()) {
    const std::string content = ends_with(request.out, ".md")
                                    ? to_markdown(catches, request, ranges)
                                    : to_json(catches, request, ranges).dump(1) + "\n";
    const auto written = write_atomically(request.out, content);
    if (!written) {
      std::cerr << written.error().where << ": " << written.error().message << "\n";
      return kExitFailed;
    }
  }
  const bool all = std::all_of(catches.begin(), catches.end(),
                               [](const Catch& caught) { return caught.median.has_value(); });
  return all ? kExitOk : kExitFailed;
}

}  // namespace govchain::analysis
