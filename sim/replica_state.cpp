// Execution, answers, snapshots and state transfer.

#include <algorithm>

#include "consensus/snapshot_policy.h"
#include "sim/replica_host.h"

namespace govchain::sim {

using consensus::Height;
namespace input = consensus::input;

namespace {

constexpr Bytes kStateRequest{64};
// Marks the answer of a peer that does not have the snapshot.
constexpr uint64_t kNotAvailable = uint64_t{1} << 63U;
// How often each peer is asked before the fetch is given up.
constexpr uint32_t kFetchRounds = 2;

}  // namespace

uint64_t ReplicaHost::execution_weight(const consensus::Block& block) {
  constexpr uint64_t kUnknown = UINT64_MAX;
  constexpr uint64_t kUnit = 1024;
  std::deque<uint64_t>& weights = chain().execution_weight;
  const uint64_t index = block.height.value();
  if (weights.size() < index) weights.resize(index, kUnknown);
  uint64_t& weight = weights[index - 1];
  if (weight != kUnknown) return weight;
  weight = 0;
  for (const consensus::PayloadRef& payload : block.payloads) {
    const TransactionBook::Index entry = fabric_.book.find(payload->digest);
    double factor = 1;
    if (entry != TransactionBook::kNone) {
      factor =
          fabric_.spec.classes[fabric_.book.submission(entry).transaction_class].execution_factor;
    }
    weight += static_cast<uint64_t>(factor * static_cast<double>(kUnit)) * payload->transactions;
  }
  return weight;
}

void ReplicaHost::execute(Completion& completion) {
  const consensus::Block& block = *completion.block;
  // A snapshot that was installed meanwhile is ahead of what had been asked for.
  if (block.height <= executed_height_) return;
  GOVCHAIN_ASSERT(block.height == executed_height_.next());
  application_->execute(block, execution_result_);
  executed_height_ = block.height;
  executed_since_written_ += consensus::kExecutedBlockBytes + block.payload_size();
  fabric_.observe(
      [&](Observer& observer) { observer.on_executed(address_, now(), block, execution_result_); });
  if (completion.take_snapshot) take_snapshot(block.height, execution_result_.state_root);
  inputs_.emplace_back(input::Executed{block.height, execution_result_.state_root});
  executed_.push_back(ExecutedBlock{block.height, std::move(execution_result_.receipts)});
  answer();
  answer_reads();
}

void ReplicaHost::release_commit(Gated& gated) {
  const consensus::Block& block = *gated.block;
  put_in_store({gated.block, gated.certificate});
  fabric_.observe([&](Observer& observer) {
    observer.on_commit(address_, now(), block, gated.certificate.get());
  });
  ChainRuntime& runtime = chain();
  if (block.height.value() == runtime.committed_height + 1) {
    runtime.committed_height = block.height.value();
    runtime.history =
        consensus::hash_pair(consensus::HashAlgorithm::kSha256, runtime.history, block.digest);
    runtime.last_commit = now();
    runtime.committed_payload += block.payload_size();
    if (now() >= TimePoint::since_start(fabric_.spec.warmup)) ++runtime.window_blocks;
    note_agents_transactions(block);
  }
  released_.push_back(Released{std::move(gated.block), gated.path});
  answer();
}

void ReplicaHost::read(consensus::Token token) {
  if (!engine_) return;
  fabric_.observe([&](Observer& observer) { observer.on_read(address_, now(), token); });
  give(input::ReadRequested{token}, now());
}

void ReplicaHost::note_agents_transactions(const consensus::Block& block) {
  if (fabric_.spec.agents.empty()) return;
  for (const consensus::PayloadRef& payload : block.payloads) {
    const TransactionBook::Index entry = fabric_.book.find(payload->digest);
    if (entry != TransactionBook::kNone && fabric_.book.submission(entry).by_agent) {
      chain().ordered_of_agents.insert(payload->digest);
    }
  }
}

// A read is answered once the state has got as far as the engine said. One that rests on a lease is
// looked at again then: if the lease has passed meanwhile, the engine is asked anew.
void ReplicaHost::answer_reads() {
  std::erase_if(waiting_reads_, [this](const consensus::effect::ReadReady& read) {
    if (read.height > executed_height_) return false;
    if (read.valid_until != TimePoint::max() && clock_.local(now()) >= read.valid_until) {
      complete_later(now(), input::ReadRequested{read.token}, PathCost{});
      return true;
    }
    fabric_.observe([&](Observer& observer) {
      observer.on_read_answered(address_, now(), read.token, read.height);
    });
    fabric_.clients.on_read(read.token, application_.get());
    return true;
  });
}

// Clients hear of a block once it is final, durable and executed here.
void ReplicaHost::answer() {
  while (!released_.empty() && !executed_.empty()) {
    const Height final = released_.front().block->height;
    const Height executed = executed_.front().height;
    if (executed < final) {
      executed_.pop_front();
    } else if (final < executed) {
      released_.pop_front();
    } else {
      const Released answered = std::move(released_.front());
      const ExecutedBlock results = std::move(executed_.front());
      released_.pop_front();
      executed_.pop_front();
      fabric_.observe(
          [&](Observer& observer) { observer.on_answered(address_, now(), *answered.block); });
      if (threads_) {
        answer_on_thread(answered, results);
      } else {
        fabric_.clients.on_answered(address_, *answered.block, results.receipts, answered.path, 0,
                                    answered.block->payloads.size());
      }
    }
  }
}

void ReplicaHost::take_snapshot(Height height, const consensus::Digest& root) {
  std::weak_ptr<const std::vector<uint8_t>>& shared = chain().snapshots[{height.value(), root}];
  SnapshotBytes bytes = shared.lock();
  if (!bytes) {
    // Equal height and root are equal states, so one copy serves all replicas of the chain.
    bytes = std::make_shared<const std::vector<uint8_t>>(application_->snapshot());
    shared = bytes;
  }
  chain().state = std::max(chain().state, Bytes(bytes->size()));
  if (threads_) snapshot_on_thread();
  const TimePoint durable_at = disk().write(now(), Bytes(bytes->size()));
  count_written(Bytes(bytes->size()));
  snapshots_.push_back(Snapshot{height, root, std::move(bytes), durable_at});
}

void ReplicaHost::drop_snapshots_below(Height height) {
  // Only once a newer one that counts is safe on the disk.
  const bool superseded = std::any_of(
      snapshots_.begin(), snapshots_.end(),
      [&](const Snapshot& kept) { return kept.height == height && kept.durable_at <= now(); });
  if (!superseded) return;
  while (!snapshots_.empty() && snapshots_.front().height < height) snapshots_.pop_front();
  const uint64_t retained = chain().spec->engine.retained_blocks;
  if (height.value() > retained) {
    const consensus::Status pruned = store_.prune(Height(height.value() - retained));
    GOVCHAIN_ASSERT(pruned.ok());
  }
}

void ReplicaHost::request_state() {
  const auto replicas = static_cast<uint32_t>(chain().spec->replicas.size());
  if (replicas < 2 || fetch_.attempt >= kFetchRounds * (replicas - 1)) {
    fetch_failed();
    return;
  }
  // Round the table, oneself left out, and those whose connection is down while others are up.
  const auto next = [&] {
    return (address_.replica + 1 + fetch_.attempt % (replicas - 1)) % replicas;
  };
  for (uint32_t skipped = 2; skipped < replicas; ++skipped) {
    if (fabric_.replicas[chain().first_endpoint + next()]->is_up()) break;
    ++fetch_.attempt;
  }
  fetch_.peer = next();
  fetch_.gives_up_at = now() + fetch_patience();
  ++fetch_.attempt;
  ++fetch_.asked;
  fabric_.kernel.schedule(fetch_.gives_up_at, static_cast<uint32_t>(EventKind::kFetchTimeout),
                          endpoint_);
  Parcel request;
  request.kind = Parcel::Kind::kBulk;
  request.lane = consensus::Lane::kBulk;
  request.from = endpoint_;
  request.cookie = fetch_.checkpoint.height.value();
  request.size = kStateRequest;
  fabric_.network.send(request, fetch_.peer, now());
}

// How long a peer has the field to itself. Nobody says that a peer is cut off or that a request was
// lost, and a chain may stand still until this replica has the state; so the first wait is what the
// chain's own engines call too long. A large state over a thin link takes longer than that: the
// waits double up to the engines' bound, and whichever answer is first is taken, so that asking the
// next peer never loses what is on its way.
Duration ReplicaHost::fetch_patience() const {
  const consensus::EngineConfig& engine = chain().spec->engine;
  const Duration longest = std::max(engine.max_timeout, engine.base_timeout);
  Duration patience = engine.base_timeout;
  for (uint32_t i = 0; i < fetch_.asked && patience < longest; ++i) patience = patience * 2;
  return std::min(patience, longest);
}

void ReplicaHost::on_fetch_timeout() {
  if (!engine_ || !fetch_.active || now() != fetch_.gives_up_at) return;
  request_state();
}

void ReplicaHost::fetch_failed() {
  const Height height = fetch_.checkpoint.height;
  fetch_ = Fetch{};
  complete_later(now(), input::SnapshotFetched{height, false}, PathCost{});
}

void ReplicaHost::on_bulk(const Parcel& parcel, TimePoint at) {
  const bool is_request = !parcel.bytes && (parcel.cookie & kNotAvailable) == 0;
  if (is_request) {
    serve_state(parcel);
  } else {
    take_state(parcel, at);
  }
}

void ReplicaHost::serve_state(const Parcel& request) {
  const auto found = std::find_if(snapshots_.begin(), snapshots_.end(), [&](const Snapshot& kept) {
    return kept.height.value() == request.cookie;
  });
  Parcel response;
  response.kind = Parcel::Kind::kBulk;
  response.lane = consensus::Lane::kBulk;
  response.from = endpoint_;
  response.size = kStateRequest;
  response.cookie = request.cookie | kNotAvailable;
  TimePoint ready = now();
  if (found != snapshots_.end()) {
    response.cookie = request.cookie;
    response.bytes = found->bytes;
    response.size += Bytes(found->bytes->size());
    ready = disk().read(now(), Bytes(found->bytes->size()));
  }
  fabric_.network.send(response, request.from - chain().first_endpoint, ready);
}

void ReplicaHost::take_state(const Parcel& response, TimePoint at) {
  const uint64_t height = fetch_.checkpoint.height.value();
  if (!fetch_.active || (response.cookie & ~kNotAvailable) != height) return;  // an earlier fetch's
  if (response.bytes) {
    std::unique_ptr<consensus::Application> application = make_application();
    const consensus::Status restored = application->restore(*response.bytes);
    if (restored && application->state_root() == fetch_.checkpoint.state_root) {
      fetch_.application = std::move(application);
      fetch_.bytes = response.bytes;
      fetch_.active = false;
      const Duration cost =
          costs_.hash_per_kilobyte * static_cast<int64_t>(response.bytes->size() / 1'000);
      complete_later(cpu().run(at, cost), input::SnapshotFetched{Height(height), true}, PathCost{});
      return;
    }
  }
  // A useless answer of a peer that was given up already moves nothing.
  if (response.from == chain().first_endpoint + fetch_.peer) request_state();
}

void ReplicaHost::install() {
  const consensus::Checkpoint checkpoint = fetch_.checkpoint;
  const consensus::Status reset = store_.reset(checkpoint);
  GOVCHAIN_ASSERT(reset.ok());
  application_ = std::move(fetch_.application);
  const Height executed_here = executed_height_;
  executed_height_ = checkpoint.height;
  snapshots_.clear();
  snapshots_.push_back(Snapshot{checkpoint.height, checkpoint.state_root, fetch_.bytes, now()});
  // Blocks that were final here and that the snapshot overtook: the state has them, though nobody
  // here knows their receipts. Those that were executed here are answered as any other, when their
  // own records are durable.
  const auto skipped = [&](const consensus::Block& block) {
    return block.height > executed_here && block.height <= checkpoint.height;
  };
  for (const Released& released : released_) {
    if (skipped(*released.block)) fabric_.clients.on_skipped(address_, *released.block);
  }
  std::erase_if(released_, [&](const Released& released) { return skipped(*released.block); });
  for (const Gated& gated : gated_) {
    if (gated.kind == GatedEffect::kCommit && skipped(*gated.block)) {
      fabric_.clients.on_skipped(address_, *gated.block);
    }
  }
  fabric_.observe(
      [&](Observer& observer) { observer.on_snapshot_installed(address_, now(), checkpoint); });
  fetch_ = Fetch{};
  answer_reads();
}

}  // namespace govchain::sim
