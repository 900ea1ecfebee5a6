// Clients: what they submit and what they hear.

#include <algorithm>

#include "consensus/codec.h"
#include "sim/wall_clock.h"
#include "sim/world_runner.h"

namespace govchain::sim {

namespace {

// Signature and framing of one client transaction, where no maker says otherwise.
constexpr Bytes kTransactionFraming{96};
// A cohort is cut so that a block holds at least this many: blocks fill up almost as with single
// transactions.
constexpr uint32_t kCohortsPerBlock = 16;

}  // namespace

void WorldRunner::set_up_loads() {
  const TimePoint end = TimePoint::since_start(spec_.duration);
  for (uint32_t index = 0; index < spec_.loads.size(); ++index) {
    const LoadSpec& load = spec_.loads[index];
    Source source;
    source.spec = &load;
    source.ingress = endpoint(load.chain, load.ingress);
    source.arrivals.emplace(load, spec_.seed, index, end);
    source.payload_stream.emplace(spec_.seed, RandomPurpose::kPayload, index);
    is_ingress_[source.ingress] = true;
    if (load.retry) {
      source.retry_stream.emplace(spec_.seed, RandomPurpose::kRetry, index);
      // Whichever replica has ordered it, the client will hear of it when it asks there.
      const size_t replicas = spec_.chains[load.chain].replicas.size();
      for (ReplicaIndex other = 0; other < replicas; ++other) {
        is_ingress_[endpoint(load.chain, other)] = true;
      }
    }
    sources_.push_back(std::move(source));
    sources_.back().bytes_each = transaction_size(sources_.back());
    if (load.clients == 0) schedule_load(index);
    for (uint32_t client = 0; client < load.clients; ++client) {
      kernel_.schedule(TimePoint{} + load.access_delay, static_cast<uint32_t>(EventKind::kLoad),
                       index);
    }
    if (load.clients > 0) {
      book_->when_over([this](uint32_t asked, bool refused) { ask_next(asked, refused); });
    }
  }
}

// The answer reaches its client, who asks again at once.
void WorldRunner::ask_next(uint32_t index, bool refused) {
  const LoadSpec& load = spec_.loads[index];
  if (load.clients == 0) return;
  TimePoint intended = kernel_.now() + load.access_delay;
  if (refused) intended += LoadSpec::kAfterRefusal;
  if (load.until != Duration::max() && intended >= TimePoint::since_start(load.until)) return;
  kernel_.schedule(intended + load.access_delay, static_cast<uint32_t>(EventKind::kLoad), index);
}

// Of a cohort's transactions: as large as the maker's first one.
Bytes WorldRunner::transaction_size(Source& source) {
  if (source.spec->maker) {
    std::vector<uint8_t> bytes;
    source.spec->maker(0, 0, wall_time_at(TimePoint{}), bytes);
    return Bytes(bytes.size());
  }
  return spec_.classes[source.spec->transaction_class].payload + kTransactionFraming;
}

void WorldRunner::schedule_load(uint32_t index) {
  Source& source = sources_[index];
  const TimePoint next = source.arrivals->next();
  if (next == TimePoint::max()) return;
  TimePoint at = next;
  if (spec_.load_mode == LoadMode::kCohort) {
    // The interval in which the next transaction falls; it travels at its end.
    const int64_t width = spec_.cohort_interval.nanoseconds();
    at = TimePoint::since_start(Duration::nanoseconds((next.nanoseconds() / width + 1) * width));
  }
  source.next_event = at;
  kernel_.schedule(at + source.spec->access_delay, static_cast<uint32_t>(EventKind::kLoad), index);
}

void WorldRunner::on_load(uint32_t index) {
  Source& source = sources_[index];
  if (source.spec->clients > 0) {
    return submit_exact(source, kernel_.now() - source.spec->access_delay);
  }
  if (spec_.load_mode == LoadMode::kCohort) {
    submit_cohort(source);
  } else {
    const TimePoint intended = source.arrivals->next();
    source.arrivals->advance();
    submit_exact(source, intended);
  }
  schedule_load(index);
}

void WorldRunner::submit_exact(Source& source, TimePoint intended) {
  const LoadSpec& load = *source.spec;
  consensus::Ref<consensus::Payload> payload = consensus::Ref<consensus::Payload>::make();
  const uint64_t random = source.payload_stream->next();
  if (load.maker) {
    load.maker(source.ordinal, random, wall_time_at(intended), payload->bytes);
  } else {
    payload->bytes.resize(source.bytes_each.count());
    uint64_t word = random;
    // Distinct whatever the random numbers are: source and ordinal lead.
    const uint64_t head[2] = {source.ordinal, static_cast<uint64_t>(&source - sources_.data())};
    for (size_t i = 0; i < payload->bytes.size(); ++i) {
      if (i < 16) {
        payload->bytes[i] = static_cast<uint8_t>(head[i / 8] >> (8U * (i % 8)));
        continue;
      }
      // Filler: any fixed scrambling will do, the digest is what counts.
      word = word * 6364136223846793005U + 1442695040888963407U;
      payload->bytes[i] = static_cast<uint8_t>(word >> 56U);
    }
  }
  ++source.ordinal;
  payload->size = Bytes(payload->bytes.size());
  payload->transactions = 1;
  payload->digest = consensus::payload_digest(chains_[load.chain].spec->engine.hash, payload->bytes,
                                              payload->transactions);
  Submission submission;
  submission.chain = load.chain;
  submission.ingress = source.ingress;
  submission.transaction_class = load.transaction_class;
  submission.access_delay = load.access_delay;
  submission.load = static_cast<uint32_t>(&source - sources_.data());
  submission.intended.push_back(intended);
  submission.retries = load.retry.has_value();
  if (book_->find(payload->digest) != TransactionBook::kNone) {
    violation("load", "a transaction maker returned the same bytes twice");
    return;
  }
  book_->submit(payload->digest, std::move(submission));
  if (load.retry) expect_answer(source, payload);
  hand_in(source, payload);
}

void WorldRunner::expect_answer(Source& source, const consensus::PayloadRef& payload) {
  if (unused_retries_.empty()) {
    unused_retries_.push_back(static_cast<uint32_t>(retries_.size()));
    retries_.emplace_back();
  }
  const uint32_t index = unused_retries_.back();
  unused_retries_.pop_back();
  retries_[index] = {payload, static_cast<uint32_t>(&source - sources_.data()), 0};
  schedule_retry(index);
}

void WorldRunner::schedule_retry(uint32_t index) {
  constexpr uint32_t kMostDoublings = 6;
  const Retry& retry = retries_[index];
  const Duration after = sources_[retry.source].spec->retry->after;
  kernel_.schedule(kernel_.now() + after * (int64_t{1} << std::min(retry.tries, kMostDoublings)),
                   static_cast<uint32_t>(EventKind::kRetry), index);
}

void WorldRunner::on_retry(uint32_t index) {
  Retry& retry = retries_[index];
  Source& source = sources_[retry.source];
  const RetrySpec& spec = *source.spec->retry;
  const EndpointIndex other = endpoint(source.spec->chain, spec.at[retry.tries++ % spec.at.size()]);
  const consensus::PayloadRef payload = retry.payload;
  const TransactionBook::Index entry = book_->find(payload->digest);
  const bool waits = entry != TransactionBook::kNone && book_->is_pending(entry);
  if (!waits) {
    retry.payload.reset();
    unused_retries_.push_back(index);
    if (!source.retry_stream->chance(spec.missed)) return;
  } else {
    book_->asked(entry, other);
    schedule_retry(index);
  }
  replicas_[other]->admit(payload);
}

void WorldRunner::hand_in(const Source& source, const consensus::PayloadRef& payload) {
  Worker* const process = chains_[source.spec->chain].client_process.get();
  const ProcessorModel* const model = replicas_[source.ingress]->processor_model();
  if (process == nullptr || model == nullptr) {
    replicas_[source.ingress]->admit(payload);
    return;
  }
  // The request is a half of what a client does, the answer the other.
  process->give(
      model->client.each / 2 * int64_t{payload->transactions},
      [this, ingress = source.ingress, payload] { replicas_[ingress]->admit(payload); },
      model->client.once, 0);
}

void WorldRunner::submit_cohort(Source& source) {
  const consensus::EngineConfig& engine = chains_[source.spec->chain].spec->engine;
  const uint64_t by_count = std::max<uint64_t>(engine.max_block_transactions / kCohortsPerBlock, 1);
  const uint64_t by_bytes = std::max<uint64_t>(
      engine.max_block_bytes.count() /
          (uint64_t{kCohortsPerBlock} * std::max<uint64_t>(source.bytes_each.count(), 1)),
      1);
  const uint64_t limit = std::min(by_count, by_bytes);
  std::vector<TimePoint> intended;
  while (source.arrivals->next() < source.next_event) {
    intended.push_back(source.arrivals->next());
    source.arrivals->advance();
    if (intended.size() == limit) {
      submit_cohort_part(source, std::move(intended));
      intended.clear();
    }
  }
  if (!intended.empty()) submit_cohort_part(source, std::move(intended));
}

void WorldRunner::submit_cohort_part(Source& source, std::vector<TimePoint> intended) {
  const LoadSpec& load = *source.spec;
  consensus::Ref<consensus::Payload> payload = consensus::Ref<consensus::Payload>::make();
  payload->transactions = static_cast<uint32_t>(intended.size());
  payload->size = source.bytes_each * intended.size();
  std::vector<uint8_t> identity;
  consensus::Writer out(identity);
  out.u64(spec_.seed);
  out.u64(static_cast<uint64_t>(&source - sources_.data()));
  out.u64(source.ordinal++);
  out.u64(intended.size());
  payload->digest = consensus::hash(chains_[load.chain].spec->engine.hash, identity);
  Submission submission;
  submission.chain = load.chain;
  submission.ingress = source.ingress;
  submission.transaction_class = load.transaction_class;
  submission.access_delay = load.access_delay;
  submission.intended = std::move(intended);
  book_->submit(payload->digest, std::move(submission));
  hand_in(source, payload);
}

void WorldRunner::on_answered(ReplicaAddress who, const consensus::Block& block,
                              std::span<const consensus::Receipt> receipts, const PathCost& path,
                              size_t first, size_t last) {
  const EndpointIndex here = endpoint(who.chain, who.replica);
  if (is_ingress_[here]) {
    const ChainRuntime& chain = chains_[who.chain];
    const uint64_t index = block.height.value();
    TimePoint proposed = kernel_.now();
    if (index <= chain.proposed_at.size() && chain.proposed_at[index - 1] != TimePoint::max()) {
      proposed = chain.proposed_at[index - 1];
    }
    size_t next_receipt = 0;
    for (size_t i = 0; i < std::min(last, block.payloads.size()); ++i) {
      const consensus::PayloadRef& payload = block.payloads[i];
      consensus::Receipt receipt;
      if (!payload->bytes.empty()) {
        // A payload with bytes has one receipt per transaction; here it is one transaction.
        if (next_receipt < receipts.size()) receipt = receipts[next_receipt];
        next_receipt += payload->transactions;
      }
      if (i < first) continue;
      const TransactionBook::Index entry = book_->find(payload->digest);
      if (entry == TransactionBook::kNone || !book_->is_pending(entry)) continue;
      if (!book_->is_asked(entry, here)) {
        book_->ordered(entry);
        continue;
      }
      const bool by_agent = book_->submission(entry).by_agent;
      const uint32_t agent = book_->submission(entry).agent;
      const uint64_t cookie = book_->submission(entry).cookie;
      book_->final(entry, kernel_.now(), receipt.code == 0, proposed, path);
      if (by_agent) agents_->on_final(agent, cookie, receipt);
    }
  }
  if (last >= block.payloads.size() && agents_->watches(here)) {
    agents_->on_block(who, block, receipts);
  }
}

void WorldRunner::on_checkpoint(ReplicaAddress who, const consensus::Checkpoint& checkpoint) {
  if (agents_->watches(endpoint(who.chain, who.replica))) agents_->on_checkpoint(who, checkpoint);
}

void WorldRunner::on_refused(EndpointIndex at, const consensus::Payload& payload) {
  const TransactionBook::Index entry = book_->find(payload.digest);
  if (entry == TransactionBook::kNone || !book_->is_pending(entry)) return;
  if (book_->submission(entry).retries) return book_->dropped(entry, at);
  const bool by_agent = book_->submission(entry).by_agent;
  const uint32_t agent = book_->submission(entry).agent;
  const uint64_t cookie = book_->submission(entry).cookie;
  book_->refused(entry);
  if (by_agent) agents_->on_refused(agent, cookie);
}

// Of a client who asks again it may only be known to the replica, and not be in a block yet.
void WorldRunner::on_duplicate(EndpointIndex at, const consensus::Payload& payload) {
  const TransactionBook::Index entry = book_->find(payload.digest);
  if (entry == TransactionBook::kNone || !book_->is_pending(entry)) return;
  const Submission& submission = book_->submission(entry);
  if (submission.retries && !submission.ordered) return book_->dropped(entry, at);
  ordered(entry);
}

void WorldRunner::ordered(TransactionBook::Index entry) {
  const bool by_agent = book_->submission(entry).by_agent;
  const uint32_t agent = book_->submission(entry).agent;
  const uint64_t cookie = book_->submission(entry).cookie;
  book_->final(entry, kernel_.now(), true, kernel_.now(), PathCost{});
  if (by_agent) agents_->on_final(agent, cookie, consensus::Receipt{});
}

void WorldRunner::on_skipped(ReplicaAddress who, const consensus::Block& block) {
  const EndpointIndex here = endpoint(who.chain, who.replica);
  if (!is_ingress_[here]) return;
  for (const consensus::PayloadRef& payload : block.payloads) {
    const TransactionBook::Index entry = book_->find(payload->digest);
    if (entry == TransactionBook::kNone || !book_->is_pending(entry)) continue;
    book_->ordered(entry);
    if (book_->is_asked(entry, here)) ordered(entry);
  }
}

}  // namespace govchain::sim
