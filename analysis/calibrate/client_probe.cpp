// What a transaction costs its client and the endpoint that it is handed to, until it is final: the
// clients of `govchain live` and a node's endpoint, as they are.
//
// One by one, each request and each answer wakes whom it is for; 64 at a time they find him awake.

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "analysis/calibrate/endpoint.h"
#include "analysis/calibrate/probes.h"
#include "analysis/live/load_ahead.h"
#include "analysis/live/load_client.h"

namespace govchain::analysis {

namespace {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Status;

constexpr size_t kTransactionBytes = 256;
constexpr uint64_t kSingles = 100;
constexpr uint64_t kBursts = 10;
constexpr uint64_t kBurst = 64;
// Long enough for everybody to have fallen asleep again.
constexpr Duration kBetweenSingles = Duration::milliseconds(1);
constexpr Duration kBetweenBursts = Duration::milliseconds(10);
constexpr std::chrono::milliseconds kLead{5};
constexpr consensus::Bytes kEverything{1ULL << 40U};

class ClientProbe final : public Probe {
 public:
  explicit ClientProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "clients"; }

  [[nodiscard]] Status prepare() override { return endpoint_.start(); }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    if (Status done = measure(clocks, figures, "separate", scaled(kSingles, settings_.effort), 1,
                              kBetweenSingles);
        !done) {
      return done;
    }
    return measure(clocks, figures, "64 together", scaled(kBursts, settings_.effort), kBurst,
                   kBetweenBursts);
  }

 private:
  [[nodiscard]] std::vector<live::Offered> make_load(uint64_t times, uint64_t at_once,
                                                     Duration interval) {
    std::vector<live::Offered> load;
    for (uint64_t i = 0; i < times * at_once; ++i) {
      live::Offered& one = load.emplace_back();
      one.bytes.assign(kTransactionBytes, 't');
      ++made_;
      for (size_t byte = 0; byte < sizeof made_; ++byte) {
        one.bytes[byte] = static_cast<uint8_t>(made_ >> (8U * byte));
      }
      one.record.due = interval * static_cast<int64_t>(i / at_once);
      one.record.transactions.emplace_back().intended = one.record.due;
    }
    return load;
  }

  [[nodiscard]] Status measure(Clocks& clocks, Figures& figures, const char* how, uint64_t times,
                               uint64_t at_once, Duration interval) {
    live::LoadTargets targets;
    targets.ports = {endpoint_.port()};
    std::vector<live::Offered> made = make_load(times, at_once, interval);
    const uint64_t count = made.size();
    live::LoadAhead load(
        [&made, next = size_t{0}]() mutable -> std::optional<live::Offered> {
          if (next == made.size()) return std::nullopt;
          return std::move(made[next++]);
        },
        kEverything);
    load.await_ready();
    // Whoever orders: as soon as all of a burst are there, they are final.
    std::atomic<bool> ended{false};
    std::thread orders([&] {
      constexpr std::chrono::microseconds kLook{100};
      while (!ended.load()) {
        if (endpoint_.pending() >= at_once) endpoint_.finalise();
        std::this_thread::sleep_for(kLook);
      }
    });
    const auto begin = std::chrono::steady_clock::now() + kLead;
    // Between two requests, when whoever had to do with the first sleeps again.
    std::thread others([&] {
      // More in one turn cost what they cost; the first pays for the turn.
      if (at_once > 1) return;
      const auto step = std::chrono::nanoseconds(interval.nanoseconds());
      for (auto next = begin + step * 6 / 10; !ended.load(); next += step) {
        std::this_thread::sleep_until(next);
        settings_.others_have_all_cores();
      }
    });
    const std::atomic<bool> never{false};
    const Duration duration = interval * static_cast<int64_t>(times);
    const Duration before = endpoint_.processor();
    live::LoadRecords records;
    const Duration used = processor_time(clocks, [&] {
      records = live::run_load(load, targets, begin, duration, Duration::seconds(10), never);
    });
    ended = true;
    orders.join();
    others.join();
    for (const live::SubmissionRecord& record : records.submissions) {
      if (record.fate == live::Fate::kAcknowledged) continue;
      return Error{ErrorCode::kIo, "a transaction over the loopback device was not answered", {}};
    }
    figures.add(RowKind::kProcessor, {"client", {{"requests", how}}}, "transaction", used, count);
    figures.add(RowKind::kProcessor, {"serve", {{"requests", how}}}, "transaction",
                endpoint_.processor() - before, count);
    return consensus::success();
  }

  ProbeSettings settings_;
  Endpoint endpoint_;
  uint64_t made_ = 0;
};

}  // namespace

std::unique_ptr<Probe> make_client_probe(const ProbeSettings& settings) {
  return std::make_unique<ClientProbe>(settings);
}

}  // namespace govchain::analysis
