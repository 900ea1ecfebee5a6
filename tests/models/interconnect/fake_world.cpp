#include "tests/models/interconnect/fake_world.h"

#include <utility>

namespace govchain::models::testing {

class FakeWorld::Context final : public sim::AgentContext {
 public:
  Context(FakeWorld& world, size_t self) : world_(world), self_(self) {}

  sim::TimePoint now() const override { return world_.now_; }
  int64_t wall_time() const override { return world_.wall_time(); }
  uint64_t random() override { return world_.random_.next(); }
  void submit(sim::PlaceIndex, sim::ChainIndex chain, sim::ReplicaIndex, uint32_t,
              std::span<const uint8_t> bytes, uint64_t cookie) override {
    if (world_.lost()) {
      world_.after(sim::Duration::seconds(1), [this, cookie] {
        world_.to_agent(self_, [cookie](Gateway& agent, Context& context) {
          agent.on_refused(context, cookie);
        });
      });
      return;
    }
    const int times = world_.random_.below(1'000) < world_.spec_.duplicated_per_mille ? 2 : 1;
    for (int i = 0; i < times; ++i) {
      // Random delays reorder what was submitted.
      const auto delay =
          sim::Duration::milliseconds(static_cast<int64_t>(1 + world_.random_.below(3'000)));
      world_.after(delay,
                   [this, chain, cookie, copy = std::vector<uint8_t>(bytes.begin(), bytes.end())] {
                     world_.chains_[chain].pool.push_back({copy, self_, cookie});
                   });
    }
  }
  // Gateways read a state with its proofs, and need not ask.
  void read(sim::PlaceIndex, sim::ChainIndex, sim::ReplicaIndex, uint64_t) override {}
  void transfer(sim::PlaceIndex, sim::PlaceIndex, sim::Bytes size, uint64_t cookie) override {
    world_.transferred_bytes += size.count();
    if (world_.lost()) return;
    const auto delay =
        sim::Duration::milliseconds(static_cast<int64_t>(20 + world_.random_.below(200)));
    world_.after(delay, [this, cookie] {
      world_.to_agent(self_, [cookie](Gateway& agent, Context& context) {
        agent.on_transferred(context, cookie);
      });
    });
  }
  void set_timer(sim::Duration delay, uint64_t cookie) override {
    world_.after(delay, [this, cookie] {
      world_.to_agent(
          self_, [cookie](Gateway& agent, Context& context) { agent.on_timer(context, cookie); });
    });
  }
  consensus::Checkpoint checkpoint(sim::ChainIndex chain, sim::ReplicaIndex) const override {
    return world_.chains_[chain].checkpoint;
  }
  const consensus::Membership& membership(sim::ChainIndex chain) const override {
    return world_.chains_[chain].members->membership();
  }
  const consensus::Application* application(sim::ChainIndex chain,
                                            sim::ReplicaIndex) const override {
    return world_.chains_[chain].ledger.get();
  }
  bool verify(sim::HostIndex, sim::ChainIndex chain,
              std::span<const consensus::SignedStatement> claims) override {
    world_.verified_claims += claims.size();
    const auto verifier = consensus::make_verifier(consensus::SignatureScheme::kModelled);
    return consensus::verify_claims(*verifier, membership(chain), claims);
  }
  void record_service(sim::ServiceIndex service, sim::Duration latency, bool completed) override {
    world_.observations.push_back({service, latency, completed});
  }

 private:
  FakeWorld& world_;
  size_t self_;
};

struct FakeWorld::AgentSlot {
  std::unique_ptr<Gateway> agent;
  std::unique_ptr<Context> context;
  bool stopped = false;
};

FakeWorld::FakeWorld(const FakeWorldSpec& spec) : spec_(spec), random_(spec.seed) {
  const auto modelled = consensus::SignatureScheme::kModelled;
  chains_.resize(2);
  chains_[0].members = std::make_unique<Members>(1, 4, consensus::Protocol::kPbft, modelled);
  chains_[1].members = std::make_unique<Members>(2, 3, consensus::Protocol::kRaft, modelled);
  for (sim::ChainIndex chain = 0; chain < 2; ++chain) {
    LedgerConfig config = connected_chain(chain + 1, chains_[1 - chain].members->registration(),
                                          spec.checkpoint_interval);
    config.proof_states = 4;
    chains_[chain].ledger = std::make_unique<Ledger>(config);
    after(spec.block_interval, [this, chain] { make_block(chain); });
  }
}

FakeWorld::~FakeWorld() = default;

void FakeWorld::stop(size_t agent) { agents_[agent]->stopped = true; }

Gateway& FakeWorld::gateway(size_t agent) { return *agents_[agent]->agent; }

size_t FakeWorld::add(std::unique_ptr<Gateway> agent) {
  auto slot = std::make_unique<AgentSlot>();
  slot->agent = std::move(agent);
  slot->context = std::make_unique<Context>(*this, agents_.size());
  agents_.push_back(std::move(slot));
  agents_.back()->agent->start(*agents_.back()->context);
  return agents_.size() - 1;
}

void FakeWorld::to_agent(size_t agent, const std::function<void(Gateway&, Context&)>& action) {
  if (agent == kNobodysAgent || agents_[agent]->stopped) return;
  action(*agents_[agent]->agent, *agents_[agent]->context);
}

void FakeWorld::after(sim::Duration delay, std::function<void()> action) {
  events_.emplace(std::pair(now_ + delay, sequence_++), std::move(action));
}

void FakeWorld::submit(sim::ChainIndex chain, const std::vector<uint8_t>& bytes) {
  chains_[chain].pool.push_back({bytes, kNobodysAgent, 0});
}

void FakeWorld::run_until(sim::Duration end) {
  while (!events_.empty() && events_.begin()->first.first.since_start() <= end) {
    auto event = events_.extract(events_.begin());
    now_ = event.key().first;
    event.mapped()();
  }
  now_ = sim::TimePoint::since_start(end);
}

void FakeWorld::make_block(sim::ChainIndex index) {
  after(spec_.block_interval, [this, index] { make_block(index); });
  Chain& chain = chains_[index];
  if (chain.pool.empty() && !spec_.empty_blocks) return;
  const std::vector<Submitted> pool = std::exchange(chain.pool, {});
  std::vector<std::vector<uint8_t>> transactions;
  for (const Submitted& submitted : pool) transactions.push_back(submitted.bytes);
  const consensus::BlockRef block =
      testing::make_block(chain.ledger->height().value() + 1, wall_time(), transactions);
  consensus::ExecutionResult result;
  chain.ledger->execute(*block, result);
  for (size_t agent = 0; agent < agents_.size(); ++agent) {
    to_agent(agent, [&](Gateway& gateway, Context& context) {
      gateway.on_block(context, index, *block, result.receipts);
    });
  }
  for (size_t i = 0; i < pool.size(); ++i) {
    to_agent(pool[i].agent, [&](Gateway& gateway, Context& context) {
      gateway.on_final(context, pool[i].cookie, result.receipts[i]);
    });
  }
  if (block->height.value() % spec_.checkpoint_interval != 0) return;
  // Signatures are gathered while the chain goes on.
  after(spec_.block_interval / 3, [this, index, height = block->height, root = result.state_root] {
    Chain& signing = chains_[index];
    consensus::CertificateRef certificate =
        signing.members->certify(height.value(), root, signing.members->quorum());
    if (spec_.bad_certificates && index == kSource) {
      auto forged = consensus::Ref<consensus::Certificate>::make();
      forged->statement = certificate->statement;
      forged->signers = certificate->signers;
      forged->signatures = certificate->signatures;
      forged->signatures[0].bytes[0] ^= 1U;
      certificate = forged;
    }
    signing.checkpoint = {
        .height = height, .state_root = root, .epoch = {}, .certificate = certificate};
    for (size_t agent = 0; agent < agents_.size(); ++agent) {
      to_agent(agent, [&](Gateway& gateway, Context& context) {
        gateway.on_checkpoint(context, index, signing.checkpoint);
      });
    }
  });
}

}  // namespace govchain::models::testing
