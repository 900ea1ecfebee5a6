// A replica whose machine was measured: what its threads are given, and what they hand back.

#include "sim/replica_threads.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "consensus/protocols.h"
#include "consensus/snapshot_policy.h"
#include "sim/replica_host.h"

namespace govchain::sim {

using consensus::Ticket;
namespace effect = consensus::effect;

namespace {

Duration per_kilobyte(Duration cost, Bytes size) {
  constexpr uint64_t kKilobyte = 1'000;
  return Duration::nanoseconds(
      static_cast<int64_t>(static_cast<uint64_t>(cost.nanoseconds()) * size.count() / kKilobyte));
}

// Pieces of a worker's work that share what is paid once: the connection to a peer in either
// direction, the log's sync, the endpoint's connections.
constexpr uint32_t kTheOnlyParty = 0;
uint32_t from_peer(ReplicaIndex peer) { return 2 * peer; }
uint32_t to_peer(ReplicaIndex peer) { return 2 * peer + 1; }

// Answers that leave one after the other, so that the first is not held back by the last.
constexpr size_t kAnswersTogether = 16;

}  // namespace

void ReplicaHost::make_threads() {
  const ChainSpec& spec = *chain().spec;
  const MachineProfile& profile = fabric_.spec.hosts[machine_].profile;
  consensus::Result<ProcessorModel> model = ProcessorModel::make(
      *profile.measurements, consensus::traits_of(spec.protocol),
      static_cast<uint32_t>(spec.replicas.size()), spec.scheme, spec.engine.hash);
  GOVCHAIN_ASSERT(model);  // check_world() has tried
  threads_ = std::make_unique<ReplicaThreads>(*fabric_.run_queues[machine_], *std::move(model),
                                              static_cast<Runnable&>(loop_));
  threads_->storage.after_each_lot([this] { sync_appended(); });
}

// --- The loop

bool ReplicaHost::Loop::has_work() const {
  return host_.engine_ != nullptr && host_.next_due() <= host_.now();
}

Duration ReplicaHost::Loop::begin() {
  if (!host_.engine_ || !host_.collect()) return {};
  const ProcessorModel& model = host_.threads_->model;
  Duration cost;
  for (const consensus::Input& input : host_.inputs_) cost += model.hand_over + model.step(input);
  return cost;
}

void ReplicaHost::Loop::end() {
  if (!host_.engine_) return;
  host_.release_durable();
  if (!host_.inputs_.empty()) host_.step();
  if (!host_.engine_) return;
  const TimePoint next = host_.next_due();
  if (next > host_.now()) host_.wake_thread(next);
}

void ReplicaHost::wake_thread(TimePoint at) {
  if (at <= now()) return threads_->wake_loop();
  if (at < armed_at_) arm(at);
}

void ReplicaHost::work_on(Worker& worker, Duration cost, consensus::Input answer) {
  worker.give(cost, [this, answer = std::move(answer), path = cause_, since = now()]() mutable {
    path.cpu += now() - since;
    complete_later(now(), std::move(answer), path);
  });
}

// --- Connections

void ReplicaHost::receive_frame(const Parcel& parcel, consensus::MessageRef message,
                                Duration transit) {
  const ProcessorModel& model = threads_->model;
  Duration cost = model.receive.each + per_kilobyte(model.receive_per_kilobyte, message->wire_size);
  // What a vote takes to decode is in the first of these.
  if (message->block || !message->payloads.empty()) cost += model.decode(*message);
  PathCost path = parcel.path;
  path.network += transit;
  const auto arrived = [this, from = parcel.from, message = std::move(message), path,
                        since = now()]() mutable {
    path.cpu += now() - since;
    arrivals_.insert(Arrival{now(), from, now(), message, path});
    wake(now());
  };
  threads_->transport.give(cost, arrived, model.receive.once,
                           from_peer(parcel.from - chain().first_endpoint));
}

void ReplicaHost::send_frames(std::span<const ReplicaIndex> receivers, const Parcel& parcel) {
  const ProcessorModel& model = threads_->model;
  // Encoded once, whoever gets it.
  Duration encoding;
  if (parcel.message && (parcel.message->block || !parcel.message->payloads.empty())) {
    encoding = model.encode(*parcel.message);
  }
  for (const ReplicaIndex receiver : receivers) {
    const Duration cost =
        model.send.each + per_kilobyte(model.send_per_kilobyte, parcel.size) + encoding;
    encoding = Duration::zero();
    const auto sent = [this, receiver, copy = Parcel(parcel), since = now()]() mutable {
      copy.path.cpu += now() - since;
      fabric_.network.send(copy, receiver, now());
    };
    threads_->transport.give(cost, sent, model.send.once, to_peer(receiver));
  }
}

// --- Signatures

// What one step asked for goes to the pool together, and comes back together.
void ReplicaHost::verify_on_thread() {
  const Duration cost = threads_->model.verify * static_cast<int64_t>(step_verifications_.size());
  auto answers = std::make_shared<std::vector<Verification>>(std::move(step_verifications_));
  step_verifications_.clear();
  threads_->crypto.give(cost, [this, answers, path = cause_, since = now()]() mutable {
    path.cpu += now() - since;
    for (Verification& answer : *answers) {
      answer.at = now();
      answer.path = path;
      verifications_.insert(std::move(answer));
    }
    wake(now());
  });
}

// --- Log

void ReplicaHost::append_on_thread(Ticket ticket, Bytes size) {
  const ProcessorModel& model = threads_->model;
  threads_->storage.give(
      model.log.each + per_kilobyte(model.log_per_kilobyte, size),
      [this, ticket] { appended_ = std::max(appended_, ticket); }, model.log.once, kTheOnlyParty);
}

// The thread has done what it had taken, and waits for the disk if there is something to wait for.
void ReplicaHost::sync_appended() {
  const bool log_waits = appended_ > log_.durable();
  const bool store_waits = store_dirty_ && truncate_before_ > Ticket(0);
  if (!engine_ || sync_done_at_ != TimePoint::max() || (!log_waits && !store_waits)) return;
  sync_covers_ = std::max(appended_, log_.durable());
  sync_covers_blocks_ = store_.newest();
  store_dirty_ = false;
  unsynced_ = Bytes(0);
  threads_->storage.wait();
  sync_writes_ = true;
  await_disk(fabric_.flushes[machine_].write(now(), threads_->model.flush));
  if (!torn_crash_armed_ || !log_waits) return;
  torn_crash_armed_ = false;
  torn_crash_at_ = now() + (sync_done_at_ - now()) / 2;
  fabric_.kernel.schedule(torn_crash_at_, static_cast<uint32_t>(EventKind::kDiskDone), endpoint_);
}

void ReplicaHost::await_disk(TimePoint until) {
  sync_done_at_ = until;
  fabric_.kernel.schedule(until, static_cast<uint32_t>(EventKind::kDiskDone), endpoint_);
}

// The device is done, and its thread wants a core to see that: twice in a sync.
void ReplicaHost::disk_done_on_thread() {
  threads_->storage.resume([this] {
    if (!std::exchange(sync_writes_, false)) return disk_done();
    threads_->storage.wait();
    await_disk(fabric_.flushes[machine_].sync(now(), threads_->model.flush));
  });
}

// --- State

void ReplicaHost::execute_on_thread(effect::Execute& execute_block) {
  Completion completion;
  completion.kind = Completion::Kind::kExecute;
  completion.path = cause_;
  completion.block = std::move(execute_block.block);
  completion.take_snapshot = execute_block.take_snapshot;
  const Duration cost = execution_time(*completion.block);
  threads_->execution.give(cost, [this, completion, since = now()]() mutable {
    completion.path.cpu += now() - since;
    completion.at = now();
    completions_.insert(std::move(completion));
    wake(now());
  });
}

Duration ReplicaHost::execution_time(const consensus::Block& block) {
  constexpr Duration kUnknown = Duration::nanoseconds(-1);
  std::deque<Duration>& times = chain().execution_times;
  const uint64_t index = block.height.value();
  if (times.size() < index) times.resize(index, kUnknown);
  Duration& time = times[index - 1];
  if (time != kUnknown) return time;
  std::map<uint32_t, uint64_t> calls;  // by class
  uint64_t total = 0;
  for (const consensus::PayloadRef& payload : block.payloads) {
    const TransactionBook::Index entry = fabric_.book.find(payload->digest);
    const uint32_t transaction_class =
        entry == TransactionBook::kNone ? 0 : fabric_.book.submission(entry).transaction_class;
    calls[transaction_class] += payload->transactions;
    total += payload->transactions;
  }
  time = Duration::zero();
  for (const auto& [index_of_class, count] : calls) {
    const TransactionClass& kind = fabric_.spec.classes[index_of_class];
    time += threads_->model.execute(kind.contract, kind.execution_factor, kind.payload, count,
                                    total, chain().state);
  }
  return time;
}

// What was executed since the last has changed is written, beside execution and only if it is due;
// who holds a state needs no time for it.
void ReplicaHost::snapshot_on_thread() {
  if (!consensus::SnapshotPolicy{}.is_due(executed_since_written_)) return;
  const Bytes executed = std::exchange(executed_since_written_, Bytes());
  const auto pieces = static_cast<int64_t>(
      std::max<uint64_t>(executed.count() / consensus::kStatePieceBytes.count(), 1));
  const Duration piece = per_kilobyte(threads_->model.state_per_kilobyte, executed) / pieces;
  for (int64_t i = 1; i <= pieces; ++i) {
    threads_->snapshots.give(piece, [this, piece, executed, last = i == pieces] {
      threads_->snapshots.wait();
      TimePoint over = now() + piece * consensus::kStateRest;
      if (last) {
        over = fabric_.flushes[machine_].sync(now(), threads_->model.flush) +
               per_kilobyte(threads_->model.write_per_kilobyte, executed);
      }
      fabric_.kernel.schedule(over, static_cast<uint32_t>(EventKind::kSnapshotDone), endpoint_);
    });
  }
}

void ReplicaHost::on_snapshot_done() {
  if (engine_) threads_->snapshots.go_on();
}

// --- Clients

void ReplicaHost::admit_on_thread(const consensus::PayloadRef& payload) {
  const ProcessorModel& model = threads_->model;
  const auto count = static_cast<int64_t>(payload->transactions);
  const Duration request =
      model.serve.each / 2 * count + per_kilobyte(model.hash_per_kilobyte, payload->size);
  const auto requested = [this, payload, count] {
    const bool accepted = engine_ && !has_stopped() && engine_->credit() >= payload->size;
    if (!accepted) {
      fabric_.clients.on_refused(endpoint_, *payload);
      return;
    }
    const TransactionBook::Index index = fabric_.book.find(payload->digest);
    if (index != TransactionBook::kNone) fabric_.book.admitted(index, endpoint_, now());
    threads_->admission.give(threads_->model.verify_client * count, [this, payload] {
      cause_ = PathCost{};
      complete_later(now(), consensus::input::Propose{payload});
    });
  };
  threads_->endpoint.give(request, requested, model.serve.once, kTheOnlyParty);
}

void ReplicaHost::answer_on_thread(const Released& answered, const ExecutedBlock& results) {
  const std::vector<consensus::PayloadRef>& payloads = answered.block->payloads;
  auto receipts = std::make_shared<std::vector<consensus::Receipt>>(results.receipts);
  size_t first = 0;
  size_t waiting = 0;
  for (size_t i = 0; i < payloads.size(); ++i) {
    const TransactionBook::Index entry = fabric_.book.find(payloads[i]->digest);
    const bool is_ours = entry != TransactionBook::kNone && fabric_.book.is_pending(entry) &&
                         fabric_.book.submission(entry).ingress == endpoint_;
    if (is_ours) waiting += payloads[i]->transactions;
    const bool is_last = i + 1 == payloads.size();
    if (!is_last && waiting < kAnswersTogether) continue;
    const auto heard = [this, block = answered.block, receipts, path = answered.path, since = now(),
                        first, last = i + 1]() mutable {
      path.cpu += now() - since;
      fabric_.clients.on_answered(address_, *block, *receipts, path, first, last);
    };
    give_answer(waiting, heard);
    first = i + 1;
    waiting = 0;
  }
}

void ReplicaHost::give_answer(size_t payloads, std::function<void()> heard) {
  // Blocks of which nobody here waits for anything are nobody's work.
  if (payloads == 0) return heard();
  const ProcessorModel& model = threads_->model;
  const auto count = static_cast<int64_t>(payloads);
  const auto answer = [this, count, heard = std::move(heard)] {
    Worker* const process = chain().client_process.get();
    if (process == nullptr) return heard();
    const BatchCost& client = threads_->model.client;
    process->give(client.each / 2 * count, heard, client.once, kTheOnlyParty);
  };
  threads_->endpoint.give(model.serve.each / 2 * count, answer, model.serve.once, kTheOnlyParty);
}

}  // namespace govchain::sim
