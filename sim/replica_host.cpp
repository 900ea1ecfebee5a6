#include "sim/replica_host.h"

#include <algorithm>
#include <utility>

#include "consensus/codec.h"
#include "sim/engine_journal.h"

namespace govchain::sim {

using consensus::Input;
namespace input = consensus::input;

namespace {

// Per 1,000 bytes, rounded down to whole nanoseconds.
Duration per_kilobyte(Duration cost, Bytes size) {
  if (cost == Duration::zero()) return cost;
  return Duration::nanoseconds(
      static_cast<int64_t>(static_cast<uint64_t>(cost.nanoseconds()) * size.count() / 1'000U));
}

}  // namespace

ReplicaHost::ReplicaHost(Fabric& fabric, ReplicaAddress address, EndpointIndex endpoint)
    : fabric_(fabric),
      address_(address),
      endpoint_(endpoint),
      host_(fabric.spec.chains[address.chain].replicas[address.replica].host),
      machine_(fabric.spec.hosts[host_].machine.value_or(host_)),
      costs_(fabric.spec.hosts[machine_].profile.costs) {
  const ChainSpec& spec = fabric.spec.chains[address.chain];
  const auto scheme =
      fabric.spec.crypto == CryptoMode::kReal ? spec.scheme : consensus::SignatureScheme::kModelled;
  signer_ = consensus::make_signer(scheme, fabric.spec.seed, chain().id, self());
  const bool tears =
      std::any_of(fabric.spec.faults.begin(), fabric.spec.faults.end(), [](const FaultSpec& fault) {
        return fault.kind == FaultSpec::Kind::kTornTail || fault.kind == FaultSpec::Kind::kBitRot;
      });
  consensus::MemoryLog::Config config;
  config.hash = spec.engine.hash;
  config.storage = tears || fabric.options.check_wire_format
                       ? consensus::MemoryLog::Storage::kEncoded
                       : consensus::MemoryLog::Storage::kShared;
  log_ = consensus::MemoryLog(config);
  keys_ = &chain().genesis;
  if (!spec.software.empty()) software_ = spec.software[address.replica];
  if (fabric.run_queues[machine_]) make_threads();
}

ReplicaHost::~ReplicaHost() = default;

void ReplicaHost::deliver(const Parcel& parcel, TimePoint at, Duration transit) {
  if (!engine_) return;
  if (parcel.kind == Parcel::Kind::kBulk) {
    on_bulk(parcel, at);
    return;
  }
  consensus::MessageRef message = parcel.message;
  if (parcel.kind == Parcel::Kind::kRawBytes || fabric_.options.check_wire_format) {
    message = decode(parcel);
    if (!message) return;
  }
  if (arrivals_.size() >= kMaxWaitingMessages) return;
  if (threads_) return receive_frame(parcel, std::move(message), transit);
  PathCost path = parcel.path;
  path.network += transit;
  arrivals_.insert(Arrival{at, parcel.from, at, std::move(message), path});
  if (at == now() && !batch_runs_ && paused_until_ <= at) {
    // The loop is idle: begin at once, without an event in between.
    run_loop();
  } else {
    wake(at);
  }
}

// What a real transport does with bytes: null if they are not a message of this chain. With
// RunOptions::check_wire_format every message takes this way and must come out as it went in.
consensus::MessageRef ReplicaHost::decode(const Parcel& parcel) const {
  const consensus::HashAlgorithm algorithm = chain().spec->engine.hash;
  if (parcel.kind == Parcel::Kind::kRawBytes) {
    consensus::Result<consensus::MessageRef> decoded =
        consensus::decode_message(chain().id, algorithm, *parcel.bytes);
    return decoded ? *decoded : consensus::MessageRef();
  }
  std::vector<uint8_t> bytes;
  consensus::encode_message(chain().id, *parcel.message, bytes);
  consensus::Result<consensus::MessageRef> decoded =
      consensus::decode_message(chain().id, algorithm, bytes, consensus::Cohorts::kAllowed);
  GOVCHAIN_ASSERT(decoded);
  std::vector<uint8_t> again;
  consensus::encode_message(chain().id, **decoded, again);
  GOVCHAIN_ASSERT(again == bytes);
  return *decoded;
}

void ReplicaHost::give(Input input, TimePoint at) {
  if (!engine_) return;
  complete_later(at, std::move(input));
}

void ReplicaHost::complete_later(TimePoint at, Input input) {
  PathCost path = cause_;
  path.cpu += at - now();
  complete_later(at, std::move(input), path);
}

void ReplicaHost::complete_later(TimePoint at, Input input, const PathCost& path) {
  Completion completion;
  completion.at = at;
  completion.input = std::move(input);
  completion.path = path;
  completions_.insert(std::move(completion));
  wake(at);
}

// Makes sure that the loop runs at `at` at the latest, unless it is busy until later anyway.
void ReplicaHost::wake(TimePoint at) {
  if (threads_) return wake_thread(at);
  if (batch_runs_) return;
  at = std::max({at, paused_until_, now()});
  if (at >= armed_at_) return;
  arm(at);
}

void ReplicaHost::arm(TimePoint at) {
  armed_at_ = at;
  // One that was armed, put off and is wanted again is in the queue already.
  if (event_at_ == at) return;
  event_at_ = at;
  fabric_.kernel.schedule(at, static_cast<uint32_t>(EventKind::kReplicaLoop), endpoint_);
}

void ReplicaHost::on_loop_event() {
  if (event_at_ == now()) event_at_ = TimePoint::max();
  if (!engine_ || now() != armed_at_) return;  // superseded
  armed_at_ = TimePoint::max();
  if (threads_) {
    if (paused_until_ <= now()) threads_->hold(false);
    return wake_thread(std::max(next_due(), paused_until_));
  }
  if (paused_until_ > now()) {
    // SIGSTOP: whatever was being worked on goes on afterwards.
    arm(paused_until_);
    return;
  }
  if (batch_runs_) {
    batch_runs_ = false;
    step();
  }
  if (engine_) run_loop();
}

void ReplicaHost::run_loop() {
  if (threads_) return wake_thread(next_due());
  while (collect()) {
    const TimePoint finish = cpu().run_on(loop_core_, now(), batch_cost_);
    if (finish > now()) {
      batch_runs_ = true;
      armed_at_ = finish;
      fabric_.kernel.schedule(finish, static_cast<uint32_t>(EventKind::kReplicaLoop), endpoint_);
      return;
    }
    step();
    if (!engine_) return;
  }
  armed_at_ = TimePoint::max();
  const TimePoint next = next_due();
  if (next != TimePoint::max()) wake(next);
}

TimePoint ReplicaHost::next_due() const {
  TimePoint next = TimePoint::max();
  if (!arrivals_.empty()) next = std::min(next, arrivals_.front().at);
  if (!verifications_.empty()) next = std::min(next, verifications_.front().at);
  if (!completions_.empty()) next = std::min(next, completions_.front().at);
  return next;
}

// Takes what is due, oldest first, into inputs_; false if nothing is.
bool ReplicaHost::collect() {
  inputs_.clear();
  batch_cost_ = Duration::zero();
  const TimePoint present = now();
  while (inputs_.size() < kMaxBatch) {
    const TimePoint next = next_due();
    if (next > present) break;
    // Of equal times, what came over the network goes first.
    if (!arrivals_.empty() && arrivals_.front().at == next) {
      take_arrival();
    } else if (!verifications_.empty() && verifications_.front().at == next) {
      take_verification();
    } else {
      take_completion();
    }
  }
  return !inputs_.empty();
}

void ReplicaHost::take_arrival() {
  Arrival& arrival = arrivals_.front();
  batch_cost_ += receive_cost(*arrival.message);
  const consensus::ReplicaId from(arrival.from - chain().first_endpoint);
  cause_ = arrival.path;
  cause_since_ = arrival.arrived;
  bool wanted = true;
  if (interceptor_) wanted = intercept_received(from, arrival.message);
  if (wanted) inputs_.emplace_back(input::MessageReceived{from, std::move(arrival.message)});
  arrivals_.pop();
}

void ReplicaHost::take_verification() {
  Verification& answer = verifications_.front();
  cause_ = answer.path;
  cause_since_ = answer.at;
  inputs_.emplace_back(input::Verified{answer.token, answer.valid, std::move(answer.message)});
  verifications_.pop();
}

void ReplicaHost::take_completion() {
  Completion completion = std::move(completions_.front());
  completions_.pop();
  cause_ = completion.path;
  cause_since_ = completion.at;
  switch (completion.kind) {
    case Completion::Kind::kInput: {
      const auto* fired = std::get_if<input::TimerFired>(&completion.input);
      if (fired == nullptr || take_timer(fired->timer)) {
        inputs_.push_back(std::move(completion.input));
      }
      break;
    }
    case Completion::Kind::kExecute:
      execute(completion);
      break;
    case Completion::Kind::kInstall:
      install();
      inputs_.push_back(std::move(completion.input));
      break;
  }
}

Duration ReplicaHost::receive_cost(const consensus::Message& message) const {
  Duration cost =
      costs_.message_receive + per_kilobyte(costs_.per_kilobyte_network, message.wire_size);
  if (message.block || !message.payloads.empty()) {
    cost += per_kilobyte(costs_.hash_per_kilobyte, message.wire_size);
  }
  return cost;
}

void ReplicaHost::step() {
  // The causal path of what follows is that of the last input of the batch.
  cause_.cpu += now() - cause_since_;
  const TimePoint local = clock_.local(now());
  engine_->step(local, inputs_, sink_);
  if (fabric_.options.journal != nullptr) {
    fabric_.options.journal->on_step(address_, local, inputs_, std::as_const(sink_).effects(),
                                     *engine_);
  }
  inputs_.clear();
  carry_out_effects();
}

void ReplicaHost::admit(const consensus::PayloadRef& payload) {
  if (threads_) return admit_on_thread(payload);
  const bool accepted = engine_ && !has_stopped() && engine_->credit() >= payload->size;
  if (!accepted) {
    fabric_.clients.on_refused(endpoint_, *payload);
    return;
  }
  const TransactionBook::Index index = fabric_.book.find(payload->digest);
  if (index != TransactionBook::kNone) fabric_.book.admitted(index, endpoint_, now());
  const Duration each = costs_.admit_transaction + costs_.client_verify;
  const Duration cost =
      each * int64_t{payload->transactions} + per_kilobyte(costs_.hash_per_kilobyte, payload->size);
  // A cohort's transactions are independent of each other, so every core can take a share.
  const TimePoint done =
      payload->transactions > 1 ? cpu().run_spread(now(), cost) : cpu().run(now(), cost);
  cause_ = PathCost{};
  complete_later(done, input::Propose{payload});
}

void ReplicaHost::pause(TimePoint until) {
  paused_until_ = std::max(paused_until_, until);
  if (!threads_) return;
  threads_->hold(true);
  wake_thread(paused_until_);
}

void ReplicaHost::set_drift(int64_t parts_per_billion) {
  clock_.set_drift(now(), parts_per_billion);
  timer_armed_at_ = TimePoint::max();
  if (engine_) arm_timers();
}

void ReplicaHost::set_interceptor(std::unique_ptr<Interceptor> interceptor, uint64_t stream) {
  interceptor_ = std::move(interceptor);
  adversary_stream_ =
      std::make_unique<RandomStream>(fabric_.spec.seed, RandomPurpose::kAdversary, stream);
}

}  // namespace govchain::sim
