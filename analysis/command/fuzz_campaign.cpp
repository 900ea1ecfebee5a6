#include "analysis/command/fuzz_campaign.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <malloc.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/command/command.h"
#include "analysis/command/output_file.h"
#include "analysis/command/terminal.h"
#include "consensus/protocols.h"
#include "sim/fuzz/campaign.h"

namespace govchain::analysis {
namespace {

using Json = nlohmann::ordered_json;

// What the handler of a broken invariant needs; set before the campaign starts.
const sim::CampaignSpec* campaign_under_way = nullptr;
bool print_json = false;

// An assertion raises the signal on the thread that runs the seed, so this is an ordinary call in
// an unhappy place: it says which seed it was and ends the program.
extern "C" void report_broken_invariant(int /*signal*/) {
  std::signal(SIGABRT, SIG_DFL);
  const auto seed = sim::seed_at_hand();
  if (campaign_under_way == nullptr || !seed) return;
  const std::string replay = sim::replay_command(*campaign_under_way, *seed, "all");
  if (print_json) {
    Json out;
    out["protocol"] = consensus::traits_of(campaign_under_way->protocol).name;
    out["seeds"] = *seed - campaign_under_way->first_seed + 1;
    out["violations"] = Json::array({{{"seed", *seed},
                                      {"what", "broken invariant (standard error has it)"},
                                      {"replay", replay}}});
    out["situations"] = Json::object();
    out["missing_situations"] = Json::array();
    out["heights_median"] = 0;
    out["cpu_seconds"] = 0;
    std::printf("%s\n", out.dump(2).c_str());
  } else {
    std::printf("seed %llu: broken invariant (standard error has it)\n  replay: %s\n",
                static_cast<unsigned long long>(*seed), replay.c_str());
  }
  std::fflush(stdout);
  _exit(kExitViolation);
}

// Rounded; 0 where no time could be measured.
uint64_t per_cpu_second(uint64_t count, const sim::CampaignResult& result) {
  if (result.cpu_seconds <= 0) return 0;
  return static_cast<uint64_t>(static_cast<double>(count) / result.cpu_seconds + 0.5);
}

Json to_json(const sim::CampaignSpec& spec, const sim::CampaignResult& result) {
  Json out;
  out["protocol"] = consensus::traits_of(spec.protocol).name;
  out["range"] = std::to_string(spec.first_seed) + ":" + std::to_string(spec.end_seed);
  if (spec.replicas != 0) out["replicas"] = spec.replicas;
  out["seeds"] = result.seeds;
  out["violations"] = Json::array();
  for (const sim::SeedFailure& failure : result.failures) {
    out["violations"].push_back({{"seed", failure.seed},
                                 {"what", failure.rule + ": " + failure.detail},
                                 {"replay", failure.replay}});
  }
  out["situations"] = Json::object();
  for (const auto& [name, count] : result.situations) out["situations"][name] = count;
  out["seeds_with"] = Json::object();
  for (size_t i = 0; i < result.situations.size(); ++i) {
    out["seeds_with"][result.situations[i].first] = result.seeds_with[i];
  }
  out["missing_situations"] = result.missing_situations;
  out["heights_median"] = result.median_height;
  out["messages"] = result.messages;
  out["cpu_seconds"] = result.cpu_seconds;
  out["seeds_per_cpu_second"] = per_cpu_second(result.seeds, result);
  return out;
}

void print_text(const sim::CampaignSpec& spec, const sim::CampaignResult& result) {
  for (const sim::SeedFailure& failure : result.failures) {
    fmt::print("seed {}: {}: {}\n  replay: {}\n", failure.seed, failure.rule, failure.detail,
               failure.replay);
  }
  fmt::print("{}, {} seeds from {}", consensus::traits_of(spec.protocol).name, result.seeds,
             spec.first_seed);
  if (spec.replicas != 0) fmt::print(", {} replicas", spec.replicas);
  fmt::print(": ");
  if (result.failures.empty()) {
    fmt::print("no rule broken\n");
  } else {
    fmt::print("{} broke a rule\n", result.failures.size());
  }
  fmt::print("exercised, times and share of the seeds: ");
  for (size_t i = 0; i < result.situations.size(); ++i) {
    fmt::print("{} {} {} ({:.0f} %)", i == 0 ? "" : ",", result.situations[i].first,
               result.situations[i].second,
               100.0 * static_cast<double>(result.seeds_with[i]) /
                   static_cast<double>(std::max<uint64_t>(result.seeds, 1)));
  }
  fmt::print("\nmedian height {}; {:.1f} CPU s", result.median_height, result.cpu_seconds);
  if (result.cpu_seconds > 0) {
    fmt::print(", {:.0f} seeds and {:.2f} M messages per CPU s",
               static_cast<double>(result.seeds) / result.cpu_seconds,
               static_cast<double>(result.messages) / result.cpu_seconds / 1e6);
  }
  fmt::print("\n");
  for (const std::string& name : result.missing_situations) {
    fmt::print("never occurred: {}\n", name);
  }
}

int exit_code_of(const sim::CampaignSpec& spec, const sim::CampaignResult& result) {
  if (!result.failures.empty()) return kExitViolation;
  const bool replay = spec.items.by_number() || spec.end_seed - spec.first_seed == 1;
  return result.missing_situations.empty() || replay ? kExitOk : kExitInconclusive;
}

void show_progress(uint64_t done, uint64_t all) {
  if (done % 64 == 0 || done == all) {
    std::fprintf(stderr, "\r%llu of %llu seeds", static_cast<unsigned long long>(done),
                 static_cast<unsigned long long>(all));
    if (done == all) std::fputs("\r\033[K", stderr);
  }
}

int refuse(const consensus::Error& error) {
  std::cerr << error.where << ": " << error.message << "\n";
  return error.code == consensus::ErrorCode::kInvalid ? kExitUsage : kExitFailed;
}

// A campaign makes and drops a world every few milliseconds. What one gives back, the next one
// takes: the allocator shall not return it to the system and fetch it again page by page (a tenth
// of the time).
void keep_memory() {
  constexpr int kMost = 512 << 20;
  mallopt(M_MMAP_THRESHOLD, kMost);
  mallopt(M_TRIM_THRESHOLD, kMost);
}

int worse_of(int a, int b) {
  constexpr int kOrder[] = {kExitViolation, kExitUsage, kExitFailed, kExitInconclusive};
  for (const int code : kOrder) {
    if (a == code || b == code) return code;
  }
  return kExitOk;
}

// Runs the campaign that `spec` describes; its figures are appended to `figures`.
int run_one(sim::CampaignSpec& spec, bool json, Json& figures) {
  campaign_under_way = &spec;
  print_json = json;
  const auto previous = std::signal(SIGABRT, report_broken_invariant);
  const auto result = sim::run_campaign(spec);
  std::signal(SIGABRT, previous);
  campaign_under_way = nullptr;
  if (!result) return refuse(result.error());
  figures.push_back(to_json(spec, *result));
  if (!json) print_text(spec, *result);
  std::fflush(stdout);
  return exit_code_of(spec, *result);
}

}  // namespace

int run_fuzz_request(const FuzzRequest& request, const std::atomic<bool>* stop) {
  auto items = sim::ItemFilter::parse(request.faults);
  if (!items) return refuse(items.error());
  keep_memory();
  sim::CampaignSpec spec;
  spec.first_seed = request.first_seed;
  spec.end_seed = request.end_seed;
  spec.items = std::move(*items);
  spec.replicas = request.replicas;
  spec.threads = request.threads;
  spec.max_failures = request.max_failures;
  spec.shrink = request.shrink;
  spec.mutant = request.mutant;
  spec.stop = stop;
  if (!request.quiet && error_is_terminal()) {
    spec.progress = [all = spec.end_seed - spec.first_seed](uint64_t done) {
      show_progress(done, all);
    };
  }
  int code = kExitOk;
  Json figures = Json::array();
  for (const consensus::Protocol protocol : request.protocols) {
    spec.protocol = protocol;
    code = worse_of(code, run_one(spec, request.json, figures));
    if (code == kExitUsage || (stop != nullptr && stop->load())) return code;
  }
  if (request.json && !figures.empty()) {
    const bool one = request.protocols.size() == 1;
    std::cout << (one ? figures.front() : Json{{"campaigns", figures}}).dump(2) << "\n";
  }
  if (!request.out.empty()) {
    const auto written = write_atomically(request.out, Json{{"campaigns", figures}}.dump(1) + "\n");
    if (!written) return worse_of(code, refuse(written.error()));
  }
  return code;
}

}  // namespace govchain::analysis
