#include "analysis/live/load_client.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include "analysis/live/connection_pool.h"
#include "analysis/live/process_usage.h"
#include "analysis/live/read_client.h"
#include "consensus/assert.h"

namespace govchain::analysis::live {

using consensus::Bytes;
using consensus::Duration;
using consensus::Height;

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using ErrorCode = boost::system::error_code;

// A replica holds an answer back so long; then it says that nothing is known yet.
constexpr Duration kWait = Duration::seconds(10);
constexpr Duration kBeyondWait = Duration::seconds(2);

std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds());
}

Duration since(Clock::time_point start) {
  return Duration::nanoseconds(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

// What no replica takes, because none is there, was tried nevertheless: the load is made.
void note_first_try(SubmissionRecord& record, Duration now) {
  if (record.sent == Duration::zero()) record.sent = now;
}

enum class Next : uint8_t { kDone, kSameReplica, kOtherReplica };

// What an answer means for the submission.
Next take_answer(unsigned code, const std::string& body, SubmissionRecord& record) {
  constexpr unsigned kUnavailable = 503;
  constexpr unsigned kTimedOut = 408;
  const nlohmann::json answer = nlohmann::json::parse(body, nullptr, false);
  const std::string status = answer.is_object() ? answer.value("status", "") : "";
  const std::string cause = answer.is_object() ? answer.value("cause", "") : "";
  if (status == "final" || status == "ordered") {
    record.fate = Fate::kAcknowledged;
    const auto height = answer.find("height");
    if (height != answer.end() && height->is_number_unsigned()) {
      record.height = Height(height->get<uint64_t>());
    }
    const auto receipts = answer.find("receipts");
    const size_t known = receipts != answer.end() && receipts->is_array()
                             ? std::min(receipts->size(), record.transactions.size())
                             : 0;
    for (size_t i = 0; i < known; ++i) {
      record.transactions[i].receipt = (*receipts)[i].value("code", uint16_t{0});
    }
    return Next::kDone;
  }
  if (status == "pending" || cause == "duplicate") return Next::kSameReplica;
  if (status == "unknown" || cause == "draining" || cause == "stopped" || cause == "witness") {
    return Next::kOtherReplica;
  }
  if (status.empty() && (code == kUnavailable || code == kTimedOut)) return Next::kOtherReplica;
  record.fate = Fate::kRefused;
  return Next::kDone;
}

class Clients final : private PoolUser {
 public:
  // All that is taken of `load` stands in `offered`, at the same place from then on.
  Clients(asio::io_context& context, LoadAhead& load, std::deque<Offered>& offered,
          const LoadTargets& targets, Clock::time_point start)
      : context_(context),
        load_(load),
        offered_(offered),
        targets_(targets),
        start_(start),
        arrivals_(context),
        pool_(context, *this,
              {targets.ports, targets.connections_per_replica, kWait + kBeyondWait,
               targets.try_again_after * 4}) {
    await_arrival();
  }

  // Everything has its fate.
  [[nodiscard]] bool done() const { return !more_ && next_ == offered_.size() && open_ == 0; }
  // So many were due.
  [[nodiscard]] size_t next() const { return next_; }
  [[nodiscard]] Bytes payload_bytes() const { return payload_bytes_; }
  [[nodiscard]] uint64_t connections() const { return pool_.opened(); }

 private:
  [[nodiscard]] Duration now() const { return since(start_); }

  // --- Arrivals

  void await_arrival() {
    constexpr std::chrono::milliseconds kLook{1};
    if (!has_next()) {
      if (!more_) return;
      arrivals_.expires_after(kLook);  // the load is late
    } else {
      arrivals_.expires_at(start_ + to_chrono(offered_[next_].record.due));
    }
    arrivals_.async_wait([this](const ErrorCode& error) {
      if (error) return;
      while (has_next() && offered_[next_].record.due <= now()) {
        payload_bytes_ += Bytes(offered_[next_].bytes.size());
        ++open_;
        submit(next_, offered_[next_].record.ingress);
        ++next_;
      }
      await_arrival();
    });
  }

  [[nodiscard]] bool has_next() {
    constexpr size_t kAtOnce = 64;
    if (next_ == offered_.size() && more_) more_ = load_.take(offered_, kAtOnce);
    return next_ < offered_.size();
  }

  void submit(size_t index, uint32_t wanted) {
    const uint32_t count = pool_.replicas();
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t replica = (wanted + i) % count;
      if (!pool_.is_avoided(replica)) return pool_.send(index, replica);
    }
    on_try(index);
    try_later(index, wanted);
  }

  // --- Of the pool

  void on_try(size_t index) override { note_first_try(offered_[index].record, now()); }

  [[nodiscard]] PoolRequest request(size_t index) override {
    Offered& offered = offered_[index];
    ++offered.record.attempts;
    return {"POST /v1/transactions?wait=" + std::to_string(kWait / Duration::seconds(1)) +
                "&transactions=" + std::to_string(offered.record.transactions.size()) +
                " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
                "Content-Length: " +
                std::to_string(offered.bytes.size()) + "\r\n\r\n",
            offered.bytes};
  }

  void on_answer(size_t index, uint32_t replica, unsigned code, const std::string& body) override {
    switch (take_answer(code, body, offered_[index].record)) {
      case Next::kDone:
        return settle(index, replica);
      case Next::kSameReplica:
        return try_later(index, replica);
      case Next::kOtherReplica:
        return try_later(index, replica + 1);
    }
  }

  void on_no_answer(size_t index, uint32_t replica, bool tried) override {
    if (!tried) return submit(index, replica);
    try_later(index, replica + 1);
  }

  void settle(size_t index, uint32_t replica) {
    offered_[index].record.answered = now();
    offered_[index].record.answered_by = replica;
    close(index);
  }

  // Nobody submits it again.
  void close(size_t index) {
    offered_[index].bytes = {};
    --open_;
  }

  void try_later(size_t index, uint32_t replica) {
    // A client that has lost its patience does not come back.
    if (now() - offered_[index].record.due > targets_.client_timeout) return close(index);
    auto timer = std::make_shared<asio::steady_timer>(context_);
    timer->expires_after(to_chrono(targets_.try_again_after));
    timer->async_wait([this, timer, index, replica](const ErrorCode& error) {
      if (!error) submit(index, replica % pool_.replicas());
    });
  }

  asio::io_context& context_;
  LoadAhead& load_;
  std::deque<Offered>& offered_;
  const LoadTargets& targets_;
  const Clock::time_point start_;
  asio::steady_timer arrivals_;
  ConnectionPool pool_;
  size_t next_ = 0;
  size_t open_ = 0;   // were due, and have no fate
  bool more_ = true;  // the load is not at its end
  Bytes payload_bytes_;
};

Duration processor_time() {
  const std::optional<ProcessUsage> usage = usage_of(::getpid());
  return usage ? usage->cpu : Duration::zero();
}

}  // namespace

LoadRecords run_load(LoadAhead& load, const LoadTargets& targets, Clock::time_point start,
                     Duration duration, Duration drain, const std::atomic<bool>& stop) {
  GOVCHAIN_ASSERT(!targets.ports.empty());
  const Duration used_before = processor_time();
  LoadRecords records;
  std::deque<Offered> offered;
  {
    asio::io_context context;
    Clients clients(context, load, offered, targets, start);
    ReadClients readers(
        context, targets.reads,
        {targets.ports, targets.connections_per_replica, kWait + kBeyondWait,
         targets.try_again_after * 4},
        offered, [&clients] { return clients.next(); }, start, duration, records.reads);
    constexpr std::chrono::milliseconds kLook{20};
    while ((!clients.done() || readers.open() > 0) && since(start) < duration + drain &&
           !stop.load()) {
      context.restart();
      context.run_for(kLook);
    }
    records.connections = clients.connections() + readers.connections();
    records.payload_bytes = clients.payload_bytes();
  }
  records.cpu = processor_time() - used_before;
  // What was never taken was due all the same.
  constexpr size_t kAtOnce = 4'096;
  while (!stop.load() && load.take(offered, kAtOnce)) {
    load.await_ready();
    for (size_t i = offered.size() - std::min(offered.size(), kAtOnce); i < offered.size(); ++i) {
      offered[i].bytes = {};
    }
  }
  records.submissions.reserve(offered.size());
  for (Offered& one : offered) records.submissions.push_back(std::move(one.record));
  return records;
}

}  // namespace govchain::analysis::live
