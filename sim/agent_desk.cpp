#include "sim/agent_desk.h"

#include <algorithm>

#include "consensus/codec.h"
#include "sim/replica_host.h"
#include "sim/wall_clock.h"

namespace govchain::sim {

namespace {

// What a request for a read has on the wire.
constexpr Bytes kReadRequest{64};

template <typename T>
uint32_t take_slot(std::vector<T>& slots, std::vector<uint32_t>& free, T value) {
  if (free.empty()) {
    slots.push_back(std::move(value));
    return static_cast<uint32_t>(slots.size() - 1);
  }
  const uint32_t index = free.back();
  free.pop_back();
  slots[index] = std::move(value);
  return index;
}
}  // namespace

class AgentDesk::Context final : public AgentContext {
 public:
  Context(AgentDesk& desk, uint32_t agent)
      : desk_(desk),
        fabric_(desk.fabric_),
        agent_(agent),
        stream_(desk.fabric_.spec.seed, RandomPurpose::kAgent, agent) {}

  [[nodiscard]] TimePoint now() const override { return fabric_.kernel.now(); }
  [[nodiscard]] int64_t wall_time() const override { return wall_time_at(now()); }
  [[nodiscard]] uint64_t random() override { return stream_.next(); }

  void submit(PlaceIndex place, ChainIndex chain, ReplicaIndex ingress, uint32_t transaction_class,
              std::span<const uint8_t> bytes, uint64_t cookie) override {
    const ChainRuntime& runtime = fabric_.chains[chain];
    Transit transit;
    transit.agent = agent_;
    transit.cookie = cookie;
    transit.kind = Transit::Kind::kSubmission;
    transit.replica = runtime.first_endpoint + ingress;
    transit.payload = consensus::make_payload(runtime.spec->engine.hash, bytes, 1);
    if (fabric_.book.find(transit.payload->digest) != TransactionBook::kNone) {
      // The same bytes again while the first are under way: a retry, which is not counted twice.
      send(place, std::move(transit));
      return;
    }
    Submission submission;
    submission.chain = chain;
    submission.ingress = transit.replica;
    submission.transaction_class = transaction_class;
    submission.intended.push_back(now());
    submission.by_agent = true;
    submission.agent = agent_;
    submission.cookie = cookie;
    // The answer travels back the same way.
    const PlaceIndex there = fabric_.spec.hosts[runtime.spec->replicas[ingress].host].place;
    const Duration back = fabric_.network.base_delay(there, place);
    submission.access_delay = back == Duration::max() ? Duration::zero() : back;
    fabric_.book.submit(transit.payload->digest, std::move(submission));
    send(place, std::move(transit));
  }
  void read(PlaceIndex place, ChainIndex chain, ReplicaIndex replica, uint64_t cookie) override {
    Transit transit;
    transit.kind = Transit::Kind::kRead;
    transit.replica = fabric_.chains[chain].first_endpoint + replica;
    // After those that the world's description asks for (WorldRunner::on_read).
    desk_.reads_.push_back({agent_, cookie});
    transit.token = consensus::Token(fabric_.spec.requests.size() + desk_.reads_.size());
    send(place, std::move(transit));
  }
  void transfer(PlaceIndex from, PlaceIndex to, Bytes size, uint64_t cookie) override {
    Transit transit;
    transit.agent = agent_;
    transit.cookie = cookie;
    fabric_.network.transfer(from, to, size, put(std::move(transit)));
  }
  void set_timer(Duration after, uint64_t cookie) override {
    const uint32_t index =
        take_slot(desk_.timers_, desk_.free_timers_, PendingTimer{agent_, cookie});
    fabric_.kernel.schedule(now() + std::max(after, Duration::zero()),
                            static_cast<uint32_t>(EventKind::kAgentTimer), index);
  }
  [[nodiscard]] consensus::Checkpoint checkpoint(ChainIndex chain,
                                                 ReplicaIndex replica) const override {
    return host(chain, replica).checkpoint();
  }
  [[nodiscard]] const consensus::Membership& membership(ChainIndex chain) const override {
    // The newest that any replica that is up knows of.
    const ChainRuntime& runtime = fabric_.chains[chain];
    const consensus::Membership* newest = &runtime.genesis;
    for (ReplicaIndex replica = 0; replica < runtime.spec->replicas.size(); ++replica) {
      const consensus::Membership& candidate = host(chain, replica).membership();
      if (candidate.epoch > newest->epoch) newest = &candidate;
    }
    return *newest;
  }
  [[nodiscard]] const consensus::Application* application(ChainIndex chain,
                                                          ReplicaIndex replica) const override {
    return host(chain, replica).application();
  }
  [[nodiscard]] bool verify(HostIndex host, ChainIndex chain,
                            std::span<const consensus::SignedStatement> claims) override {
    const HostIndex machine = fabric_.spec.hosts[host].machine.value_or(host);
    const OperationCosts& costs = fabric_.spec.hosts[machine].profile.costs;
    fabric_.cpus[machine].run_spread(now(), costs.verify * static_cast<int64_t>(claims.size()));
    return consensus::verify_claims(*fabric_.chains[chain].verifier, membership(chain), claims);
  }
  void record_service(ServiceIndex service, Duration latency, bool completed) override {
    if (now() - latency < TimePoint::since_start(fabric_.spec.warmup)) return;
    ServiceResult& result = desk_.services_[service];
    ++result.submitted;
    if (!completed) {
      ++result.refused;
      return;
    }
    ++result.completed;
    result.latency.record(latency);
  }

 private:
  [[nodiscard]] const ReplicaHost& host(ChainIndex chain, ReplicaIndex replica) const {
    return *fabric_.replicas[fabric_.chains[chain].first_endpoint + replica];
  }
  uint64_t put(Transit transit) {
    return take_slot(desk_.transits_, desk_.free_transits_, std::move(transit));
  }
  void send(PlaceIndex place, Transit transit) {
    const ReplicaHost& target = *fabric_.replicas[transit.replica];
    const Bytes size = transit.payload ? transit.payload->size : kReadRequest;
    fabric_.network.transfer(place, fabric_.spec.hosts[target.host()].place, size,
                             put(std::move(transit)));
  }

  AgentDesk& desk_;
  Fabric& fabric_;
  uint32_t agent_;
  RandomStream stream_;
};

AgentDesk::AgentDesk(Fabric& fabric, std::vector<ServiceResult>& services)
    : fabric_(fabric), services_(services) {
  size_t endpoints = 0;
  for (const ChainSpec& chain : fabric.spec.chains) endpoints += chain.replicas.size();
  watchers_.resize(endpoints);
  for (const AgentMaker& maker : fabric.spec.agents) {
    const auto index = static_cast<uint32_t>(agents_.size());
    agents_.push_back(maker());
    contexts_.push_back(std::make_unique<Context>(*this, index));
    for (const Agent::Watch& watch : agents_.back()->watches()) {
      watchers_[fabric.chains[watch.chain].first_endpoint + watch.replica].push_back(index);
    }
  }
}

AgentDesk::~AgentDesk() = default;

void AgentDesk::start() {
  for (size_t i = 0; i < agents_.size(); ++i) agents_[i]->start(*contexts_[i]);
}

void AgentDesk::on_block(ReplicaAddress who, const consensus::Block& block,
                         std::span<const consensus::Receipt> receipts) {
  const EndpointIndex endpoint = fabric_.chains[who.chain].first_endpoint + who.replica;
  for (const uint32_t agent : watchers_[endpoint]) {
    agents_[agent]->on_block(*contexts_[agent], who.chain, block, receipts);
  }
}

void AgentDesk::on_checkpoint(ReplicaAddress who, const consensus::Checkpoint& checkpoint) {
  const EndpointIndex endpoint = fabric_.chains[who.chain].first_endpoint + who.replica;
  for (const uint32_t agent : watchers_[endpoint]) {
    agents_[agent]->on_checkpoint(*contexts_[agent], who.chain, checkpoint);
  }
}

void AgentDesk::on_final(uint32_t agent, uint64_t cookie, consensus::Receipt receipt) {
  agents_[agent]->on_final(*contexts_[agent], cookie, receipt);
}

void AgentDesk::on_refused(uint32_t agent, uint64_t cookie) {
  agents_[agent]->on_refused(*contexts_[agent], cookie);
}

void AgentDesk::on_read(uint64_t index, const consensus::Application* state) {
  const PendingRead read = reads_[index];
  agents_[read.agent]->on_read(*contexts_[read.agent], read.cookie, state);
}

void AgentDesk::on_transferred(uint64_t cookie) {
  const auto index = static_cast<uint32_t>(cookie);
  const Transit transit = std::move(transits_[index]);
  transits_[index] = Transit{};
  free_transits_.push_back(index);
  switch (transit.kind) {
    case Transit::Kind::kTransfer:
      agents_[transit.agent]->on_transferred(*contexts_[transit.agent], transit.cookie);
      break;
    case Transit::Kind::kSubmission:
      fabric_.replicas[transit.replica]->admit(transit.payload);
      break;
    case Transit::Kind::kRead:
      fabric_.replicas[transit.replica]->read(transit.token);
      break;
  }
}

void AgentDesk::on_timer(uint32_t index) {
  const PendingTimer timer = timers_[index];
  free_timers_.push_back(index);
  agents_[timer.agent]->on_timer(*contexts_[timer.agent], timer.cookie);
}

}  // namespace govchain::sim
