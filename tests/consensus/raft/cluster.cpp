#include "tests/consensus/raft/cluster.h"

#include <algorithm>
#include <array>
#include <utility>

#include "consensus/codec.h"

namespace govchain::consensus::raft::testing {
namespace {

constexpr uint64_t kKeySeed = 7;

}  // namespace

ClusterOptions small_options(uint64_t seed, uint32_t replicas) {
  ClusterOptions options;
  options.seed = seed;
  options.replicas = options.members = replicas;
  options.engine.base_timeout = Duration::milliseconds(200);
  options.engine.max_timeout = Duration::milliseconds(800);
  options.engine.batch_delay = Duration::milliseconds(2);
  options.engine.max_block_transactions = 8;
  options.engine.max_block_bytes = Bytes(10'000);
  options.engine.mempool_limit = Bytes(1U << 20U);
  options.engine.checkpoint_interval = 5;
  options.engine.retained_blocks = 12;
  options.raft.cached_blocks = 4;
  options.raft.max_append_messages = 8;
  return options;
}

Cluster::Cluster(const ClusterOptions& options)
    : options_(options),
      random_(options.seed),
      verifier_(make_verifier(SignatureScheme::kModelled)) {
  genesis_.version = options_.engine.genesis.version;
  for (uint32_t i = 0; i < options_.replicas; ++i) {
    Node& node = nodes_.emplace_back();
    if (options_.through_codec) {
      MemoryLog::Config config;
      config.storage = MemoryLog::Storage::kEncoded;
      node.log = MemoryLog(config);
    }
    node.signer = make_signer(SignatureScheme::kModelled, kKeySeed, ChainId(1), ReplicaId(i));
    if (i >= options_.members) continue;
    const bool learner = i >= options_.members - options_.learners;
    Member member{ReplicaId(i), learner ? 0U : 1U, node.signer->public_key()};
    if (i < options_.weights.size()) member.weight = options_.weights[i];
    if (options_.witnesses.count(i) != 0) member.role = MemberRole::kWitness;
    genesis_.members.push_back(member);
  }
  for (uint32_t i = 0; i < options_.replicas; ++i) start(i, RecoveredState{});
}

void Cluster::schedule(Duration after, std::function<void()> act) {
  events_.push(Event{now_ + after, sequence_++, std::move(act)});
}

void Cluster::start(uint32_t index, RecoveredState recovered) {
  Node& node = nodes_[index];
  EngineConfig config = options_.engine;
  config.chain = ChainId(1);
  config.self = ReplicaId(index);
  config.genesis = genesis_;
  config.seed = options_.seed * 1'000 + node.incarnation;
  config.newest_version = node.software;
  recovered.fresh = !node.ran;
  node.ran = true;
  node.executed = recovered.executed_height;
  node.root = recovered.state_root;
  node.engine = make_raft(config, options_.raft, std::move(recovered));
  node.led = View();
  step(index, {});
}

void Cluster::run_for(Duration elapsed) {
  run_until([] { return false; }, elapsed);
}

bool Cluster::run_until(const std::function<bool()>& done, Duration limit) {
  const TimePoint until = now_ + limit;
  while (violations_.empty()) {
    if (done()) return true;
    if (events_.empty() || events_.top().at > until) break;
    const Event event = events_.top();
    events_.pop();
    now_ = event.at;
    event.act();
  }
  now_ = std::max(now_, until);
  return done();
}

void Cluster::calm() {
  calm_ = true;
  partition_.clear();
  closed_.clear();
}

void Cluster::give(uint32_t index, Input input) { step(index, std::span<const Input>(&input, 1)); }

void Cluster::answer(uint32_t index, Input input, Duration after) {
  const uint64_t life = nodes_[index].incarnation;
  schedule(after, [this, index, life, input = std::move(input)] {
    if (nodes_[index].engine && nodes_[index].incarnation == life) give(index, input);
  });
}

void Cluster::step(uint32_t index, std::span<const Input> inputs) {
  Node& node = nodes_[index];
  if (!node.engine || node.stopped) return;
  EffectSink sink;
  node.engine->step(now_, inputs, sink);
  const uint64_t life = node.incarnation;
  for (Effect& effect : sink.effects()) {
    perform(index, effect);
    if (node.incarnation != life) return;  // crashed at a write
  }
  kick_disk(index);
  observe(index);
}

// --- Effects

void Cluster::perform(uint32_t index, Effect& effect) {
  Node& node = nodes_[index];
  if (auto* persist_it = std::get_if<effect::Persist>(&effect)) {
    persist(index, *persist_it);
    if (node.persists_left > 0 && --node.persists_left == 0) {
      crash(index);
      schedule(Duration::milliseconds(50), [this, index] { restart(index); });
    }
  } else if (auto* truncate = std::get_if<effect::Truncate>(&effect)) {
    gate(index, truncate->after, [&node, before = truncate->before] {
      node.truncate_before = std::max(node.truncate_before, before);
    });
  } else if (auto* load = std::get_if<effect::Load>(&effect)) {
    input::Loaded loaded;
    loaded.token = load->token;
    node.store.load(load->first, load->count, load->limit, loaded.blocks);
    answer(index, std::move(loaded));
  } else if (auto* send = std::get_if<effect::Send>(&effect)) {
    gate(index, send->after, [this, index, to = send->to.value(), message = send->message] {
      transmit(index, to, message);
    });
  } else if (auto* broadcast = std::get_if<effect::Broadcast>(&effect)) {
    gate(index, broadcast->after, [this, index, message = broadcast->message] {
      for (const Member& member : nodes_[index].membership.members) {
        if (member.id.value() != index) transmit(index, member.id.value(), message);
      }
    });
  } else if (auto* set = std::get_if<effect::SetTimer>(&effect)) {
    const uint64_t id = set->timer.value();
    const TimePoint deadline = set->deadline;
    const uint64_t life = node.incarnation;
    node.timers[id] = deadline;
    schedule(std::max(deadline - now_, Duration::zero()), [this, index, id, deadline, life] {
      Node& owner = nodes_[index];
      const auto timer = owner.timers.find(id);
      if (owner.incarnation != life || timer == owner.timers.end() || timer->second != deadline) {
        return;
      }
      owner.timers.erase(timer);
      give(index, input::TimerFired{TimerId(id)});
    });
  } else if (auto* cancel = std::get_if<effect::CancelTimer>(&effect)) {
    node.timers.erase(cancel->timer.value());
  } else if (auto* verify = std::get_if<effect::Verify>(&effect)) {
    ++verifications_;
    const SignedStatement claim{verify->message->statement(ChainId(1)), verify->message->sender,
                                verify->message->signature};
    const bool valid =
        verify_claims(*verifier_, node.membership, std::span<const SignedStatement>(&claim, 1));
    answer(index, input::Verified{verify->token, valid, verify->message});
  } else if (auto* claims = std::get_if<effect::VerifyClaims>(&effect)) {
    verifications_ += claims->claims->claims.size();
    const bool valid = verify_claims(*verifier_, node.membership, claims->claims->claims);
    answer(index, input::Verified{claims->token, valid, {}});
  } else if (auto* sign = std::get_if<effect::Sign>(&effect)) {
    ++signatures_;
    answer(index, input::Signed{sign->token, node.signer->sign(sign->statement)});
  } else if (auto* run = std::get_if<effect::Execute>(&effect)) {
    execute(index, *run);
  } else if (auto* final = std::get_if<effect::Commit>(&effect)) {
    commit(index, *final);
  } else if (auto* stable = std::get_if<effect::CheckpointStable>(&effect)) {
    if (!node.store.put_checkpoint(stable->checkpoint)) fail("checkpoint goes back");
  } else if (auto* fetch = std::get_if<effect::FetchState>(&effect)) {
    bool available = false;
    for (const Node& other : nodes_) {
      const auto snapshot = other.snapshots.find(fetch->checkpoint.height.value());
      available = available || (snapshot != other.snapshots.end() &&
                                snapshot->second == fetch->checkpoint.state_root);
    }
    answer(index, input::SnapshotFetched{fetch->checkpoint.height, available}, delay());
  } else if (auto* install = std::get_if<effect::InstallSnapshot>(&effect)) {
    const Checkpoint checkpoint = install->checkpoint;
    const uint64_t life = node.incarnation;
    schedule(Duration::milliseconds(1), [this, index, checkpoint, life] {
      Node& owner = nodes_[index];
      if (owner.incarnation != life || !owner.engine) return;
      if (!owner.store.reset(checkpoint)) fail("store reset");
      owner.snapshots.clear();
      owner.snapshots[checkpoint.height.value()] = checkpoint.state_root;
      owner.executed = checkpoint.height;
      owner.root = checkpoint.state_root;
      give(index, input::SnapshotInstalled{checkpoint.height, checkpoint.state_root});
    });
  } else if (auto* ready = std::get_if<effect::ReadReady>(&effect)) {
    ++reads_answered_;
    if (ready->height < node.reads[ready->token.value()]) {
      fail("stale read at " + std::to_string(index) + ": height " +
           std::to_string(ready->height.value()));
    }
  } else if (std::holds_alternative<effect::ReadRefused>(effect)) {
    ++reads_refused_;
  } else if (std::holds_alternative<effect::Refused>(effect)) {
    ++refusals_;
  } else if (auto* active = std::get_if<effect::MembershipActive>(&effect)) {
    node.membership = active->membership;
  } else if (const auto* stopped = std::get_if<effect::Stopped>(&effect)) {
    node.stopped = true;
    node.outdated = stopped->software_outdated;
  } else if (std::holds_alternative<effect::EvidenceFound>(effect)) {
    fail("evidence among replicas that only crash");
  }
}

void Cluster::commit(uint32_t index, const effect::Commit& commit) {
  Node& node = nodes_[index];
  const BlockRef block = commit.block;
  if (block->height > node.store.newest() &&
      !node.store.put(StoredBlock{block, commit.certificate})) {
    fail("commit of " + std::to_string(block->height.value()) + " leaves a gap at " +
         std::to_string(index));
  }
  const size_t place = block->height.value() - 1;
  if (place > chain_.size()) {
    fail("commit ahead of everybody");
    return;
  }
  if (place == chain_.size()) {
    chain_.push_back(block->digest);
    for (const PayloadRef& payload : block->payloads) {
      const uint64_t number = numbers_[payload->digest];
      if (!ordered_.emplace(number, block->height).second) {
        fail("payload " + std::to_string(number) + " ordered twice, at " +
             std::to_string(ordered_[number].value()) + " and " +
             std::to_string(block->height.value()));
      }
    }
  } else if (!(chain_[place] == block->digest)) {
    fail("replica " + std::to_string(index) + " commits another block at height " +
         std::to_string(block->height.value()));
  }
  gate(index, commit.after, [this, index, block] {
    released_ = std::max(released_, block->height);
    for (const PayloadRef& payload : block->payloads) {
      nodes_[index].commit_times.emplace(numbers_[payload->digest], now_);
    }
  });
}

void Cluster::execute(uint32_t index, const effect::Execute& execute) {
  Node& node = nodes_[index];
  const uint64_t life = node.incarnation;
  schedule(Duration::zero(),
           [this, index, life, block = execute.block, snapshot = execute.take_snapshot] {
             Node& owner = nodes_[index];
             if (owner.incarnation != life || !owner.engine || block->height <= owner.executed)
               return;
             if (block->height != owner.executed.next()) {
               fail("executes " + std::to_string(block->height.value()) + " after " +
                    std::to_string(owner.executed.value()));
               return;
             }
             owner.root = hash_pair(HashAlgorithm::kSha256, owner.root, block->digest);
             owner.executed = block->height;
             const auto known = roots_.emplace(block->height.value(), owner.root).first;
             if (!(known->second == owner.root)) fail("states differ");
             if (snapshot) owner.snapshots[block->height.value()] = owner.root;
             give(index, input::Executed{block->height, owner.root});
           });
  (void)node;
}

// --- Network

Duration Cluster::delay() {
  if (calm_) return options_.delay_low;
  const auto spread =
      static_cast<uint64_t>((options_.delay_high - options_.delay_low).nanoseconds());
  return options_.delay_low +
         Duration::nanoseconds(static_cast<int64_t>(random_.below(spread + 1)));
}

void Cluster::set_link(uint32_t from, uint32_t to, bool open) {
  if (open) {
    closed_.erase({from, to});
  } else {
    closed_.insert({from, to});
  }
}

bool Cluster::reachable(uint32_t from, uint32_t to) const {
  if (closed_.count({from, to}) != 0) return false;
  return partition_.empty() || partition_.count(from) == partition_.count(to);
}

void Cluster::transmit(uint32_t from, uint32_t to, const MessageRef& message) {
  if (to >= nodes_.size() || !reachable(from, to)) return;
  if (filter && !filter(from, to, *message)) return;
  ++traffic_.messages[std::string(message_name(message->type))];
  traffic_.bytes += message->wire_size.count();
  if (!calm_ && random_.below(1'000) < options_.loss_per_mille) return;
  MessageRef arriving = message;
  if (options_.through_codec) {
    std::vector<uint8_t> bytes;
    encode_message(ChainId(1), *message, bytes);
    if (bytes.size() != message->wire_size.count()) fail("wire size is not what it says");
    Result<MessageRef> decoded = decode_message(ChainId(1), HashAlgorithm::kSha256, bytes);
    if (!decoded) {
      fail("message does not decode: " + decoded.error().message);
      return;
    }
    arriving = decoded.value();
  }
  const bool twice = !calm_ && random_.below(1'000) < options_.duplicate_per_mille;
  for (int copy = 0; copy < (twice ? 2 : 1); ++copy) {
    schedule(delay(), [this, from, to, arriving] {
      if (nodes_[to].engine) give(to, input::MessageReceived{ReplicaId(from), arriving});
    });
  }
}

// --- Clients

uint64_t Cluster::propose(uint32_t index, size_t size) {
  const uint64_t number = next_payload_++;
  std::vector<uint8_t> bytes(std::max<size_t>(size, 8));
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(number >> (8 * i));
  const PayloadRef payload = make_payload(HashAlgorithm::kSha256, bytes, 1);
  numbers_[payload->digest] = number;
  payloads_[number] = payload;
  propose_again(index, number);
  return number;
}

void Cluster::propose_again(uint32_t index, uint64_t number) {
  give(index, input::Propose{payloads_[number]});
}

void Cluster::read(uint32_t index) {
  if (!nodes_[index].engine || nodes_[index].stopped) return;
  const uint64_t token = next_read_++;
  nodes_[index].reads[token] = released_;
  give(index, input::ReadRequested{Token(token)});
}

void Cluster::reconfigure(uint32_t index, const std::vector<uint32_t>& voters,
                          const std::vector<uint32_t>& learners, std::optional<uint32_t> leader) {
  MembershipChange change;
  for (const uint32_t id : voters) {
    change.target.push_back(Member{ReplicaId(id), 1, nodes_[id].signer->public_key()});
  }
  for (const uint32_t id : learners) {
    change.target.push_back(Member{ReplicaId(id), 0, nodes_[id].signer->public_key()});
  }
  std::sort(change.target.begin(), change.target.end(),
            [](const Member& a, const Member& b) { return a.id < b.id; });
  if (leader) change.transfer_leadership_to = ReplicaId(*leader);
  give(index, input::Reconfigure{change});
}

// --- Looks

std::optional<uint32_t> Cluster::leader() const {
  std::optional<uint32_t> found;
  View term;
  for (uint32_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].engine || nodes_[i].stopped) continue;
    const EngineStatus status = nodes_[i].engine->status();
    if (status.is_leader && status.view >= term) {
      term = status.view;
      found = i;
    }
  }
  return found;
}

Height Cluster::committed_everywhere(const std::vector<uint32_t>& nodes) const {
  Height lowest(UINT64_MAX);
  for (const uint32_t node : nodes) {
    lowest =
        std::min(lowest, nodes_[node].engine ? nodes_[node].engine->status().executed : Height());
  }
  return lowest;
}

std::optional<TimePoint> Cluster::commit_time(uint32_t node, uint64_t number) const {
  const auto found = nodes_[node].commit_times.find(number);
  if (found == nodes_[node].commit_times.end()) return std::nullopt;
  return found->second;
}

uint64_t Cluster::total(uint64_t EngineCounters::*counter) const {
  uint64_t sum = lost_counters_.*counter;
  for (const Node& node : nodes_) {
    if (node.engine) sum += node.engine->counters().*counter;
  }
  return sum;
}

void Cluster::observe(uint32_t index) {
  Node& node = nodes_[index];
  const EngineStatus status = node.engine->status();
  if (!status.is_leader || node.led == status.view) return;
  node.led = status.view;
  // Election safety: at most one leader in a term.
  const auto [known, first] = leaders_.emplace(status.view.value(), index);
  if (known->second != index) {
    fail("two leaders in term " + std::to_string(status.view.value()));
  }
  (void)first;
  // Leader completeness: whatever a client may know of is in the log of every later leader.
  if (status.view > highest_term_ && status.proposed < released_) {
    fail("leader of term " + std::to_string(status.view.value()) + " lacks committed entries");
  }
  highest_term_ = std::max(highest_term_, status.view);
}

void Cluster::fail(const std::string& what) {
  violations_.push_back("seed " + std::to_string(options_.seed) + " at " +
                        std::to_string(now_.nanoseconds() / 1'000) + " us: " + what);
}

}  // namespace govchain::consensus::raft::testing
