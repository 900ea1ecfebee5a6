// Handing work from one thread to another: the node's mailbox, and a change of threads on one core.

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analysis/calibrate/probes.h"
#include "consensus/assert.h"
#include "consensus/node/files/descriptor.h"
#include "consensus/node/host/mailbox.h"

namespace govchain::analysis {

namespace {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Input;
using consensus::Status;
using consensus::node::Descriptor;
using consensus::node::Mailbox;

constexpr uint64_t kHandOvers = 200;
constexpr uint64_t kItems = 1'000;
constexpr uint64_t kWakes = 20;
constexpr size_t kMostWaiting = 1U << 16U;
constexpr size_t kBatch = 64;  // as a replica's loop takes them

Input small_input() { return consensus::input::Persisted{consensus::Ticket(1)}; }

// Both ends' processor time, and the time from one end to the other.
struct Exchange {
  Duration processor;
  Duration wall;
};

// There and back again through two mailboxes, one item at a time: the other thread sleeps whenever
// something comes.
Exchange exchange_by_mailbox(Clocks& clocks, uint64_t rounds, const ProbeSettings& settings) {
  const Duration clock_cost = cost_of_processor_clock(clocks);
  Mailbox there(kMostWaiting);
  Mailbox back(kMostWaiting);
  Duration other;
  std::thread echo([&] {
    std::vector<Mailbox::Item> items;
    other = processor_time(clocks, [&] {
      while (there.take(std::nullopt, 1, items)) {
        for (size_t i = 0; i < items.size(); ++i) back.put(small_input());
        items.clear();
      }
    });
  });
  Exchange exchange;
  std::vector<Mailbox::Item> items;
  for (uint64_t i = 0; i < rounds; ++i) {
    settings.others_have_all_cores();
    const Duration before = clocks.wall();
    exchange.processor += processor_time(clocks, [&] {
      there.put(small_input());
      items.clear();
      const bool open = back.take(std::nullopt, 1, items);
      GOVCHAIN_ASSERT(open && items.size() == 1);
    });
    exchange.wall += clocks.wall() - before;
  }
  exchange.processor -= clock_cost * static_cast<int64_t>(rounds);
  there.close();
  echo.join();
  exchange.processor += other;
  return exchange;
}

// Nobody sleeps: what a loop that is busy anyway pays for each input.
Duration pass_without_waking(Clocks& clocks, uint64_t items) {
  Mailbox mailbox(kMostWaiting);
  std::vector<Mailbox::Item> taken;
  return processor_time(clocks, [&] {
    for (uint64_t i = 0; i < items; i += kBatch) {
      for (size_t j = 0; j < kBatch; ++j) mailbox.put(small_input());
      taken.clear();
      const bool open = mailbox.take(std::nullopt, kBatch, taken);
      GOVCHAIN_ASSERT(open && taken.size() == kBatch);
    }
  });
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};
std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return std::nullopt;
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// False once the other end is closed.
bool pass_on(const Descriptor& from, const Descriptor& to) {
  char byte = 0;
  return ::read(from.number(), &byte, 1) == 1 && ::write(to.number(), &byte, 1) == 1;
}

// A byte there and back through two pipes, both ends on one core: what it takes in all is how long
// it takes, for one of them works at any time. Twice `rounds` changes.
Duration exchange(const Descriptor& there, const Descriptor& back, uint64_t rounds, Clocks& clocks,
                  const ProbeSettings& settings) {
  Duration took;
  for (uint64_t i = 0; i < rounds; ++i) {
    settings.others_have_the_core();
    const Duration before = clocks.wall();
    char byte = 0;
    if (::write(there.number(), &byte, 1) != 1 || ::read(back.number(), &byte, 1) != 1) break;
    took += clocks.wall() - before;
  }
  return took;
}

void echo(const Descriptor& there, const Descriptor& back) {
  while (pass_on(there, back)) {
  }
}

// Each write wakes the other thread, and each read puts this one to sleep.
std::optional<Duration> change_threads(Clocks& clocks, uint64_t rounds, int core,
                                       const ProbeSettings& settings) {
  std::optional<Pipe> there = make_pipe();
  std::optional<Pipe> back = make_pipe();
  if (!there || !back) return std::nullopt;
  Duration took;
  std::thread first([&] {
    pin_this_thread(core);
    took = exchange(there->write, back->read, rounds, clocks, settings);
    there->write = Descriptor();
  });
  std::thread second([&] {
    pin_this_thread(core);
    echo(there->read, back->write);
  });
  first.join();
  second.join();
  return took;
}

// The same on two cores, which wait for each other: both threads' processor time.
std::optional<Duration> change_cores(Clocks& clocks, uint64_t rounds, int first_core,
                                     int second_core, const ProbeSettings& settings) {
  const Duration clock_cost = cost_of_processor_clock(clocks);
  std::optional<Pipe> there = make_pipe();
  std::optional<Pipe> back = make_pipe();
  if (!there || !back) return std::nullopt;
  Duration one;
  Duration other;
  std::thread first([&] {
    pin_this_thread(first_core);
    for (uint64_t i = 0; i < rounds; ++i) {
      settings.others_have_all_cores();
      one += processor_time(clocks, [&] {
        char byte = 0;
        const bool passed = ::write(there->write.number(), &byte, 1) == 1 &&
                            ::read(back->read.number(), &byte, 1) == 1;
        GOVCHAIN_ASSERT(passed);
      });
    }
    one -= clock_cost * static_cast<int64_t>(rounds);
    there->write = Descriptor();
  });
  std::thread second([&] {
    pin_this_thread(second_core);
    other = processor_time(clocks, [&] { echo(there->read, back->write); });
  });
  first.join();
  second.join();
  return one + other;
}

// A thread that wakes up from time to time and wakes another one, on another core: either core has
// slept for as long as that. Both threads' time together, of two awakenings for each round.
std::optional<Duration> wake_cores(Clocks& clocks, uint64_t rounds,
                                   std::chrono::microseconds asleep, int first_core,
                                   int second_core) {
  std::optional<Pipe> there = make_pipe();
  if (!there) return std::nullopt;
  Duration one;
  Duration other;
  std::thread first([&] {
    pin_this_thread(first_core);
    one = processor_time(clocks, [&] {
      const char byte = 0;
      for (uint64_t i = 0; i < rounds; ++i) {
        std::this_thread::sleep_for(asleep);
        if (::write(there->write.number(), &byte, 1) != 1) return;
      }
    });
    there->write = Descriptor();
  });
  std::thread second([&] {
    pin_this_thread(second_core);
    other = processor_time(clocks, [&] {
      char byte = 0;
      while (::read(there->read.number(), &byte, 1) == 1) {
      }
    });
  });
  first.join();
  second.join();
  return one + other;
}

// A byte between this process and a copy of it, both on one core. The copy does nothing but read
// and write.
std::optional<Duration> change_processes(Clocks& clocks, uint64_t rounds, int core,
                                         const ProbeSettings& settings) {
  std::optional<Pipe> there = make_pipe();
  std::optional<Pipe> back = make_pipe();
  if (!there || !back) return std::nullopt;
  const pid_t copy = ::fork();
  if (copy < 0) return std::nullopt;
  if (copy == 0) {
    pin_this_thread(core);
    ::close(there->write.number());  // or it would wait for itself
    echo(there->read, back->write);
    ::_exit(0);
  }
  Duration took;
  std::thread first([&] {
    pin_this_thread(core);
    took = exchange(there->write, back->read, rounds, clocks, settings);
  });
  first.join();
  there->write = Descriptor();
  int status = 0;
  (void)::waitpid(copy, &status, 0);
  return took;
}

class HandOverProbe final : public Probe {
 public:
  explicit HandOverProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "hand-overs"; }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    const uint64_t rounds = scaled(kHandOvers, settings_.effort);
    const Exchange mailbox = exchange_by_mailbox(clocks, rounds, settings_);
    figures.add(RowKind::kProcessor, {"hand over", {{"receiver", "asleep"}}}, "item",
                mailbox.processor, 2 * rounds);
    figures.add(RowKind::kWall, {"hand-over delay", {{"receiver", "asleep"}}}, "item", mailbox.wall,
                2 * rounds);
    const uint64_t items = (scaled(kItems, settings_.effort) + kBatch - 1) / kBatch * kBatch;
    figures.add(RowKind::kProcessor, {"hand over", {{"receiver", "busy"}}}, "item",
                pass_without_waking(clocks, items), items);
    const std::vector<int> cores = usable_cores();
    if (cores.empty()) return consensus::success();
    const auto add = [&](const char* what, const char* on, const std::optional<Duration>& took) {
      if (took) figures.add(RowKind::kProcessor, {what, {{"on", on}}}, "change", *took, 2 * rounds);
      return took.has_value();
    };
    bool changed =
        add("change threads", "one core", change_threads(clocks, rounds, cores[0], settings_)) &&
        add("change processes", "one core", change_processes(clocks, rounds, cores[0], settings_));
    if (cores.size() > 1) {
      changed = changed && add("change threads", "two cores",
                               change_cores(clocks, rounds, cores[0], cores[1], settings_));
    }
    if (!changed) return Error{ErrorCode::kIo, "the system gives no pipes or processes", {}};
    if (cores.size() > 1) return measure_wakes(cores[0], cores[1], clocks, figures);
    return consensus::success();
  }

 private:
  [[nodiscard]] Status measure_wakes(int first_core, int second_core, Clocks& clocks,
                                     Figures& figures) const {
    constexpr std::pair<int64_t, const char*> kRests[] = {
        {100, "0.1 ms"}, {1'000, "1 ms"}, {10'000, "10 ms"}};
    for (const auto& [microseconds, length] : kRests) {
      const uint64_t rounds = scaled(kWakes, settings_.effort);
      const std::optional<Duration> woken = wake_cores(
          clocks, rounds, std::chrono::microseconds(microseconds), first_core, second_core);
      if (!woken) return Error{ErrorCode::kIo, "the system gives no pipes", {}};
      figures.add(RowKind::kProcessor, {"wake a core", {{"asleep", length}}}, "wake", *woken,
                  2 * rounds);
    }
    return consensus::success();
  }

  ProbeSettings settings_;
};

}  // namespace

std::unique_ptr<Probe> make_hand_over_probe(const ProbeSettings& settings) {
  return std::make_unique<HandOverProbe>(settings);
}

}  // namespace govchain::analysis
