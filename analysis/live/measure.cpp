#include "analysis/live/measure.h"

#include <algorithm>

#include "sim/backlog_trend.h"

namespace govchain::analysis::live {

using sim::Duration;

namespace {

constexpr size_t kSamples = 200;

// What became of one payload's transactions by the end of the run, for its clients.
enum class State : uint8_t { kCommitted, kRefused, kTimedOut, kInFlight };

// The client hears of it one access delay later.
Duration heard(const SubmissionRecord& submission) {
  return submission.answered + submission.access_delay;
}

State state_of(const sim::WorldSpec& world, const SubmissionRecord& submission, Duration intended) {
  const Duration patience_ends = intended + world.client_timeout;
  const bool known = submission.fate != Fate::kOpen && heard(submission) < world.duration &&
                     heard(submission) <= patience_ends;
  if (!known) return patience_ends < world.duration ? State::kTimedOut : State::kInFlight;
  return submission.fate == Fate::kAcknowledged ? State::kCommitted : State::kRefused;
}

class Measurement {
 public:
  Measurement(const sim::WorldSpec& world, sim::ChainResult& chain,
              std::vector<sim::ServiceResult>& services, LoadQuality& quality)
      : world_(world), chain_(chain), services_(services), quality_(quality) {
    for (const std::string& name : world.services) {
      services_.emplace_back();
      services_.back().name = name;
    }
    chain_.backlog_interval = world.duration / static_cast<int64_t>(kSamples);
    changes_.resize(kSamples + 2);
  }

  void add(const SubmissionRecord& submission) {
    quality_.sent_again += submission.attempts > 1 ? submission.attempts - 1 : 0;
    for (const TransactionRecord& one : submission.transactions) add(submission, one);
    if (submission.due < world_.warmup || submission.due >= world_.duration) return;
    ++quality_.payloads;
    to_send_ += submission.transactions.size();
    if (submission.sent == Duration::zero() || submission.sent >= world_.duration) return;
    sent_ += submission.transactions.size();
    quality_.lag.record(std::max(Duration::zero(), submission.sent - submission.due));
  }

  void finish(const LoadRecords& records) {
    const double window = (world_.duration - world_.warmup).to_seconds();
    chain_.offered_per_second = static_cast<double>(chain_.transactions.submitted) / window;
    if (to_send_ > 0)
      quality_.achieved = static_cast<double>(sent_) / static_cast<double>(to_send_);
    if (transactions_ > 0) {
      quality_.bytes_per_transaction =
          static_cast<double>(records.payload_bytes.count()) / static_cast<double>(transactions_);
    }
    int64_t waiting = 0;
    for (size_t i = 0; i <= kSamples; ++i) {
      waiting += changes_[i];
      chain_.backlog_series.push_back(static_cast<double>(waiting));
    }
    sim::fit_backlog(world_.warmup, chain_);
  }

 private:
  // The sample that is the first to see what happens at this time.
  [[nodiscard]] size_t sample_after(Duration at) const {
    const int64_t width = chain_.backlog_interval.nanoseconds();
    const int64_t sample = (at.nanoseconds() + width - 1) / width;
    return std::min(static_cast<size_t>(std::max<int64_t>(0, sample)), changes_.size() - 1);
  }

  void add(const SubmissionRecord& submission, const TransactionRecord& one) {
    ++transactions_;
    const State state = state_of(world_, submission, one.intended);
    ++changes_[sample_after(one.intended)];
    if (state == State::kCommitted || state == State::kRefused) {
      --changes_[sample_after(heard(submission))];
    } else if (state == State::kTimedOut) {
      --changes_[sample_after(one.intended + world_.client_timeout)];
    }
    if (one.intended < world_.warmup) return;
    const bool applied = state == State::kCommitted && one.receipt == 0;
    const Duration latency = heard(submission) - one.intended;
    ++chain_.transactions.submitted;
    sim::ServiceResult& service = services_[one.service];
    ++service.submitted;
    if (applied) {
      ++chain_.transactions.committed;
      ++service.completed;
      chain_.latency.record(latency);
      service.latency.record(latency);
    } else if (state == State::kCommitted || state == State::kRefused) {
      ++chain_.transactions.refused;
      ++service.refused;
    } else if (state == State::kTimedOut) {
      ++chain_.transactions.timed_out;
    } else {
      ++chain_.transactions.in_flight;
    }
  }

  const sim::WorldSpec& world_;
  sim::ChainResult& chain_;
  std::vector<sim::ServiceResult>& services_;
  LoadQuality& quality_;
  uint64_t transactions_ = 0;
  uint64_t to_send_ = 0;
  uint64_t sent_ = 0;
  std::vector<int64_t> changes_;  // of what is in flight, between two samples
};

}  // namespace

void measure_clients(const sim::WorldSpec& world, const LoadRecords& records,
                     sim::ChainResult& chain, std::vector<sim::ServiceResult>& services,
                     LoadQuality& quality) {
  Measurement measurement(world, chain, services, quality);
  for (const SubmissionRecord& submission : records.submissions) measurement.add(submission);
  measurement.finish(records);
}

std::optional<Duration> latency_of(const sim::WorldSpec& world, const SubmissionRecord& submission,
                                   const TransactionRecord& transaction) {
  const State state = state_of(world, submission, transaction.intended);
  if (state != State::kCommitted || transaction.receipt != 0) return std::nullopt;
  return heard(submission) - transaction.intended;
}

ReadUse measure_reads(const sim::WorldSpec& world, const LoadRecords& records) {
  ReadUse use;
  for (const ReadRecord& read : records.reads) {
    if (read.called < world.warmup || read.called >= world.duration) continue;
    ++use.asked;
    use.refused += read.fate == ReadFate::kRefused ? 1 : 0;
    if (read.fate != ReadFate::kAnswered) continue;
    ++use.answered;
    use.latency.record(read.answered - read.called);
  }
  return use;
}

}  // namespace govchain::analysis::live
