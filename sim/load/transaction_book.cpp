#include "sim/load/transaction_book.h"

#include <algorithm>

#include "consensus/assert.h"

namespace govchain::sim {

TransactionBook::TransactionBook(const WorldSpec& spec, std::vector<ChainResult>& chains,
                                 std::vector<ServiceResult>& services)
    : spec_(spec),
      window_begin_(TimePoint::since_start(spec.warmup)),
      chains_(chains),
      services_(services),
      open_(spec.chains.size()),
      backlog_(spec.chains.size(), 0) {
  size_t endpoints = 0;
  for (const ChainSpec& chain : spec.chains) endpoints += chain.replicas.size();
  smallest_latency_.assign(endpoints, Duration::max());
}

ServiceResult& TransactionBook::service(const Submission& submission) {
  return services_[spec_.classes[submission.transaction_class].service];
}

TransactionBook::Index TransactionBook::submit(const consensus::Digest& digest,
                                               Submission submission) {
  GOVCHAIN_ASSERT(!closed_ && !submission.intended.empty());
  if (unused_.empty()) {
    unused_.push_back(static_cast<Index>(entries_.size()));
    entries_.emplace_back();
  }
  const Index index = unused_.back();
  unused_.pop_back();
  const bool is_new = by_digest_.emplace(digest, index).second;
  GOVCHAIN_ASSERT(is_new);
  Entry& entry = entries_[index];
  entry = Entry{};
  entry.digest = digest;
  const auto first =
      std::lower_bound(submission.intended.begin(), submission.intended.end(), window_begin_);
  entry.measured = static_cast<uint32_t>(submission.intended.end() - first);
  const ChainIndex chain = submission.chain;
  chains_[chain].transactions.submitted += entry.measured;
  service(submission).submitted += entry.measured;
  backlog_[chain] += submission.intended.size();
  entry.submission = std::move(submission);
  open_[chain].push_back(index);
  return index;
}

uint32_t* TransactionBook::held_at(Entry& entry, EndpointIndex at) {
  if (entry.submission.ingress == at) return &entry.held;
  for (Submission::Asked& asked : entry.submission.asked) {
    if (asked.at == at) return &asked.held;
  }
  return nullptr;
}

void TransactionBook::admitted(Index index, EndpointIndex at, TimePoint now) {
  Entry& entry = entries_[index];
  uint32_t* const held = held_at(entry, at);
  if (held == nullptr) return;
  ++*held;
  entry.admitted = std::min(entry.admitted, now);
}

void TransactionBook::dropped(Index index, EndpointIndex at) {
  Entry& entry = entries_[index];
  uint32_t* const held = held_at(entry, at);
  if (held == nullptr || *held == 0) return;
  --*held;
  forget_if_nobody_holds(entry);
}

void TransactionBook::forget_if_nobody_holds(Entry& entry) {
  const std::vector<Submission::Asked>& asked = entry.submission.asked;
  const bool held = entry.held > 0 || std::any_of(asked.begin(), asked.end(),
                                                  [](const auto& one) { return one.held > 0; });
  if (!held) entry.admitted = TimePoint::max();
}

void TransactionBook::asked(Index index, EndpointIndex at) {
  if (!is_asked(index, at)) entries_[index].submission.asked.push_back({at, 0});
}

bool TransactionBook::is_asked(Index index, EndpointIndex at) const {
  const Submission& submission = entries_[index].submission;
  return submission.ingress == at ||
         std::any_of(submission.asked.begin(), submission.asked.end(),
                     [&](const Submission::Asked& asked) { return asked.at == at; });
}

void TransactionBook::settle(Entry& entry, State state) {
  GOVCHAIN_ASSERT(entry.state == State::kPending);
  entry.state = state;
  backlog_[entry.submission.chain] -= entry.submission.intended.size();
  if (over_ && entry.submission.load != Submission::kNoLoad) {
    over_(entry.submission.load, state == State::kRefused);
  }
}

void TransactionBook::refused(Index index) {
  Entry& entry = entries_[index];
  if (entry.state != State::kPending) return;
  settle(entry, State::kRefused);
  chains_[entry.submission.chain].transactions.refused += entry.measured;
  service(entry.submission).refused += entry.measured;
}

void TransactionBook::final(Index index, TimePoint now, bool applied, TimePoint proposed_at,
                            const PathCost& path) {
  Entry& entry = entries_[index];
  if (entry.state != State::kPending) return;
  settle(entry, State::kFinal);
  const Submission& submission = entry.submission;
  ChainResult& chain = chains_[submission.chain];
  ServiceResult& served = service(submission);
  for (const TimePoint intended : submission.intended) {
    const Duration latency = now + submission.access_delay - intended;
    // Whoever was asked again may be nearer than the first.
    if (submission.asked.empty()) {
      Duration& smallest = smallest_latency_[submission.ingress];
      smallest = std::min(smallest, latency);
    }
    if (!is_measured(intended)) continue;
    if (latency > spec_.client_timeout) {
      ++chain.transactions.timed_out;
    } else if (applied) {
      ++chain.transactions.committed;
      ++served.completed;
      chain.latency.record(latency);
      served.latency.record(latency);
      record_shares(submission.chain, latency, proposed_at - intended, path);
    } else {
      ++chain.transactions.refused;
      ++served.refused;
    }
  }
}

// Sums in nanoseconds; close() turns them into shares.
void TransactionBook::record_shares(ChainIndex chain, Duration latency, Duration queue,
                                    const PathCost& path) {
  LatencyShares& shares = chains_[chain].shares;
  Duration left = latency;
  const auto take = [&](Duration part) {
    const Duration taken = std::clamp(part, Duration::zero(), left);
    left -= taken;
    return static_cast<double>(taken.nanoseconds());
  };
  shares.network += take(path.network);
  shares.cpu += take(path.cpu);
  shares.disk += take(path.disk);
  shares.queue += take(queue);
  shares.quorum += static_cast<double>(left.nanoseconds());
}

void TransactionBook::lost_with_crash(EndpointIndex at) {
  for (const std::deque<Index>& open : open_) {
    for (const Index index : open) {
      uint32_t* const held = held_at(entries_[index], at);
      if (held == nullptr) continue;
      *held = 0;
      forget_if_nobody_holds(entries_[index]);
    }
  }
}

void TransactionBook::expire(TimePoint now) {
  for (std::deque<Index>& open : open_) {
    while (!open.empty()) {
      Entry& entry = entries_[open.front()];
      if (entry.state == State::kPending) {
        const TimePoint youngest = entry.submission.intended.back();
        if (now - youngest <= spec_.client_timeout) break;
        settle(entry, State::kTimedOut);
        chains_[entry.submission.chain].transactions.timed_out += entry.measured;
      }
      by_digest_.erase(entry.digest);
      unused_.push_back(open.front());
      open.pop_front();
    }
  }
}

TransactionBook::Waiting TransactionBook::waiting(ChainIndex chain) const {
  Waiting waiting;
  waiting.oldest = TimePoint::max();
  for (const Index index : open_[chain]) {
    const Entry& entry = entries_[index];
    if (entry.state != State::kPending || entry.admitted == TimePoint::max()) continue;
    waiting.transactions += entry.submission.intended.size();
    waiting.oldest = std::min(waiting.oldest, entry.admitted);
  }
  return waiting;
}

void TransactionBook::close() {
  GOVCHAIN_ASSERT(!closed_);
  closed_ = true;
  for (const std::deque<Index>& open : open_) {
    for (const Index index : open) {
      Entry& entry = entries_[index];
      if (entry.state != State::kPending) continue;
      TransactionCounts& counts = chains_[entry.submission.chain].transactions;
      const TimePoint end = TimePoint::since_start(spec_.duration);
      for (const TimePoint intended : entry.submission.intended) {
        if (!is_measured(intended)) continue;
        ++(end - intended > spec_.client_timeout ? counts.timed_out : counts.in_flight);
      }
    }
  }
  for (ChainResult& chain : chains_) {
    const TransactionCounts& counts = chain.transactions;
    GOVCHAIN_ASSERT(counts.submitted ==
                    counts.committed + counts.refused + counts.timed_out + counts.in_flight);
    LatencyShares& shares = chain.shares;
    const double total = shares.queue + shares.network + shares.cpu + shares.disk + shares.quorum;
    if (total <= 0) continue;
    for (double* share :
         {&shares.queue, &shares.network, &shares.cpu, &shares.disk, &shares.quorum}) {
      *share /= total;
    }
  }
}

}  // namespace govchain::sim
