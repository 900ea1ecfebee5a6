#include "sim/fuzz/campaign.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <thread>

#include "consensus/protocols.h"
#include "sim/fuzz/verdict.h"

namespace govchain::sim {
namespace {

constexpr uint64_t kNoSeed = UINT64_MAX;
thread_local uint64_t running_seed = kNoSeed;
thread_local bool running = false;

// Seeds are handed out in chunks, and a chunk is merged as a whole: whatever the threads, the same
// seeds are in the result.
constexpr uint64_t kChunk = 256;

class Campaign {
 public:
  explicit Campaign(const CampaignSpec& spec)
      : spec_(spec), situations_(consensus::traits_of(spec.protocol).required_situations()) {
    occurrences_.assign(situations_.size(), 0);
    result_.seeds_with.assign(situations_.size(), 0);
  }

  consensus::Result<CampaignResult> run() {
    const std::clock_t start = std::clock();
    uint64_t next = spec_.first_seed;
    while (next < spec_.end_seed && result_.failures.size() < spec_.max_failures) {
      const uint64_t count = std::min(kChunk, spec_.end_seed - next);
      run_chunk(next, count);
      if (stopped()) {
        return consensus::Error{consensus::ErrorCode::kExhausted, "stopped", "fuzz"};
      }
      merge(next);
      next += count;
    }
    finish();
    result_.cpu_seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool stopped() const {
    return spec_.stop != nullptr && spec_.stop->load(std::memory_order_relaxed);
  }

  void run_chunk(uint64_t first, uint64_t count) {
    verdicts_.assign(count, {});
    std::atomic<uint64_t> taken = 0;
    // Where one failure ends the campaign, what comes behind it need not run.
    const bool first_ends = spec_.max_failures - result_.failures.size() == 1;
    std::atomic<uint64_t> end = count;
    const auto work = [&] {
      while (!stopped()) {
        const uint64_t offset = taken.fetch_add(1);
        if (offset >= end.load()) return;
        running_seed = first + offset;
        running = true;
        verdicts_[offset] = judge_seed(spec_.protocol, first + offset, spec_.items, spec_.replicas);
        running = false;
        if (first_ends && !verdicts_[offset].rule.empty()) {
          uint64_t before = end.load();
          while (offset + 1 < before && !end.compare_exchange_weak(before, offset + 1)) {
          }
        }
        if (spec_.progress) spec_.progress(first - spec_.first_seed + offset + 1);
      }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < spec_.threads; ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    // Whatever others have run behind it meanwhile is not in the result.
    verdicts_.resize(end.load());
  }

  void merge(uint64_t first) {
    for (size_t i = 0; i < verdicts_.size(); ++i) {
      const Verdict& verdict = verdicts_[i];
      ++result_.seeds;
      ++heights_[verdict.height];
      result_.messages += verdict.messages;
      for (size_t k = 0; k < situations_.size(); ++k) {
        const uint64_t times = verdict.counters.*situations_[k].counter;
        occurrences_[k] += times;
        result_.seeds_with[k] += times > 0 ? 1 : 0;
      }
      if (verdict.rule.empty() || result_.failures.size() >= spec_.max_failures) continue;
      result_.failures.push_back({first + i, verdict.rule, verdict.detail, {}});
    }
  }

  void finish() {
    for (SeedFailure& failure : result_.failures) {
      if (!spec_.shrink) {
        failure.replay = replay_command(spec_, failure.seed, "all");
        continue;
      }
      running_seed = failure.seed;
      running = true;
      std::string faults;
      for (const uint32_t ordinal :
           shrink_seed(spec_.protocol, failure.seed, spec_.items, failure.rule, spec_.replicas)) {
        faults += (faults.empty() ? "" : ",") + std::to_string(ordinal);
      }
      running = false;
      failure.replay = replay_command(spec_, failure.seed, faults.empty() ? "none" : faults);
    }
    for (size_t k = 0; k < situations_.size(); ++k) {
      result_.situations.emplace_back(situations_[k].name, occurrences_[k]);
      if (occurrences_[k] == 0) result_.missing_situations.emplace_back(situations_[k].name);
    }
    uint64_t below = 0;
    for (const auto& [height, seeds] : heights_) {
      below += seeds;
      if (2 * below >= result_.seeds) {
        result_.median_height = height;
        break;
      }
    }
  }

  const CampaignSpec& spec_;
  std::span<const consensus::Situation> situations_;
  std::vector<uint64_t> occurrences_;
  std::map<uint64_t, uint64_t> heights_;
  std::vector<Verdict> verdicts_;
  CampaignResult result_;
};

}  // namespace

consensus::Result<CampaignResult> run_campaign(const CampaignSpec& spec) {
  if (spec.first_seed >= spec.end_seed) {
    return consensus::Error{consensus::ErrorCode::kInvalid,
                            "the range of seeds is empty, expected A:B with A < B", "--seeds"};
  }
  return Campaign(spec).run();
}

std::optional<uint64_t> seed_at_hand() noexcept {
  if (!running) return std::nullopt;
  return running_seed;
}

std::string replay_command(const CampaignSpec& spec, uint64_t seed, std::string_view faults) {
  std::string command = "govchain fuzz";
  if (spec.mutant.empty()) {
    command += " --protocol " + std::string(consensus::traits_of(spec.protocol).name);
  } else {
    command += " --mutant " + std::string(spec.mutant);
  }
  if (spec.replicas != 0) command += " --replicas " + std::to_string(spec.replicas);
  return command + " --seeds " + std::to_string(seed) + ":" + std::to_string(seed + 1) +
         " --faults " + std::string(faults);
}

}  // namespace govchain::sim
