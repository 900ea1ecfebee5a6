#include "tests/sim/client_history.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "consensus/codec.h"
#include "sim/fuzz/generator.h"
#include "sim/key_value_application.h"
#include "sim/random.h"

namespace govchain::sim::test {
namespace {

using consensus::Digest;

constexpr int kClients = 4;
constexpr uint64_t kOperationsEach = 30;
constexpr Duration kPatience = Duration::milliseconds(250);
// How long a client thinks between two operations at most.
constexpr int64_t kMostThinking = 60'000'000;

// A key-value store with a defect in what it shows. Its roots are right, so replicas agree.
class BrokenStore final : public consensus::Application {
 public:
  BrokenStore(consensus::HashAlgorithm algorithm, Defect defect)
      : store_(algorithm), defect_(defect) {}
  void execute(const consensus::Block& block, consensus::ExecutionResult& result) override {
    if (defect_ == Defect::kOneBlockBehind) show();
    store_.execute(block, result);
    if (defect_ == Defect::kOneBlockBehind) return;
    for (const consensus::PayloadRef& payload : block.payloads) {
      const uint8_t key = payload->digest.bytes[0];
      if (key < ClientLog::kKeys) shown_[key] = payload->digest;
    }
  }
  [[nodiscard]] Digest state_root() const override { return store_.state_root(); }
  [[nodiscard]] std::vector<uint8_t> snapshot() const override { return store_.snapshot(); }
  [[nodiscard]] consensus::Status restore(std::span<const uint8_t> snapshot) override {
    const consensus::Status restored = store_.restore(snapshot);
    if (restored && defect_ == Defect::kOneBlockBehind) show();
    return restored;
  }
  [[nodiscard]] std::unique_ptr<consensus::Application> clone() const override {
    return std::make_unique<BrokenStore>(*this);
  }
  [[nodiscard]] const ClientLog::Values& shown() const { return shown_; }

 private:
  void show() {
    for (uint8_t key = 0; key < ClientLog::kKeys; ++key) shown_[key] = store_.value(key);
  }
  KeyValueApplication store_;
  Defect defect_;
  ClientLog::Values shown_;
};

ClientLog::Values values_in(const consensus::Application& state) {
  if (const auto* broken = dynamic_cast<const BrokenStore*>(&state)) return broken->shown();
  const auto& store = dynamic_cast<const KeyValueApplication&>(state);
  ClientLog::Values values;
  for (uint8_t key = 0; key < ClientLog::kKeys; ++key) values[key] = store.value(key);
  return values;
}

// Bytes of a transaction whose digest begins with a byte that `wanted` likes: the key it writes to.
template <typename Wanted>
Digest make_transaction(consensus::HashAlgorithm algorithm, uint64_t author, uint64_t ordinal,
                        std::vector<uint8_t>& bytes, Wanted&& wanted) {
  constexpr size_t kNumbers = 3;
  bytes.resize(std::max(bytes.size(), kNumbers * sizeof(uint64_t)));
  for (uint64_t nonce = 0;; ++nonce) {
    const std::array<uint64_t, kNumbers> numbers{author, ordinal, nonce};
    for (size_t i = 0; i < kNumbers * sizeof(uint64_t); ++i) {
      bytes[i] = static_cast<uint8_t>(numbers[i / 8] >> (8U * (i % 8)));
    }
    const Digest digest = consensus::payload_digest(algorithm, bytes, 1);
    if (wanted(digest.bytes[0])) return digest;
  }
}

// One operation after the other; one that is not answered in time is left behind, and a write
// perhaps sent again, to any replica.
class Client final : public Agent {
 public:
  struct Setting {
    ClientLog* log = nullptr;
    Defect defect = Defect::kNone;
    uint64_t number = 0;
    std::vector<ReplicaIndex> replicas;
    PlaceIndex place = 0;
    consensus::HashAlgorithm hash{};
  };
  Client(Setting setting, uint64_t seed)
      : setting_(std::move(setting)), random_(seed, RandomPurpose::kTest, setting_.number) {}

  [[nodiscard]] std::vector<Watch> watches() const override { return {}; }
  void start(AgentContext& context) override { think(context); }
  void on_block(AgentContext&, ChainIndex, const consensus::Block&,
                std::span<const consensus::Receipt>) override {}
  void on_checkpoint(AgentContext&, ChainIndex, const consensus::Checkpoint&) override {}
  void on_transferred(AgentContext&, uint64_t) override {}
  void on_final(AgentContext& context, uint64_t operation, consensus::Receipt) override {
    setting_.log->write_answered(operation);
    done(context, operation);
  }
  // Perhaps only this time: it was sent before. So it may take effect, and is not answered.
  void on_refused(AgentContext& context, uint64_t operation) override { done(context, operation); }
  void on_read(AgentContext& context, uint64_t operation,
               const consensus::Application* state) override {
    if (state != nullptr) setting_.log->read_answered(operation, values_in(*state));
    done(context, operation);
  }
  void on_timer(AgentContext& context, uint64_t cookie) override {
    if (cookie == kThought) return begin(context);
    if (current_ != cookie) return;
    if (!bytes_.empty() && random_.chance(0.5)) submit(context);
    done(context, cookie);
  }

 private:
  static constexpr uint64_t kThought = UINT64_MAX;

  void think(AgentContext& context) {
    const auto pause = static_cast<int64_t>(random_.below(kMostThinking));
    context.set_timer(Duration::nanoseconds(pause), kThought);
  }
  void begin(AgentContext& context) {
    if (begun_++ == kOperationsEach) return;
    if (random_.chance(0.55)) {
      read(context);
    } else {
      write(context);
    }
    if (current_) context.set_timer(kPatience, *current_);
  }
  void read(AgentContext& context) {
    bytes_.clear();
    const uint64_t operation = setting_.log->read_called();
    current_ = operation;
    if (setting_.defect != Defect::kReadsWithoutAsking) {
      return context.read(setting_.place, 0, any_replica(), operation);
    }
    on_read(context, operation, context.application(0, any_replica()));
  }
  void write(AgentContext& context) {
    const auto key = static_cast<uint8_t>(random_.below(ClientLog::kKeys));
    bytes_.clear();
    const Digest value = make_transaction(setting_.hash, setting_.number, begun_, bytes_,
                                          [&](uint8_t first) { return first == key; });
    current_ = setting_.log->write_called(key, value);
    submit(context);
    if (setting_.defect == Defect::kAcknowledgedTooEarly) setting_.log->write_answered(*current_);
  }
  void submit(AgentContext& context) {
    context.submit(setting_.place, 0, any_replica(), 0, bytes_, *current_);
  }
  void done(AgentContext& context, uint64_t operation) {
    if (current_ != operation) return;
    current_.reset();
    think(context);
  }
  [[nodiscard]] ReplicaIndex any_replica() {
    return setting_.replicas[random_.below(setting_.replicas.size())];
  }

  Setting setting_;
  RandomStream random_;
  uint64_t begun_ = 0;
  std::optional<uint64_t> current_;
  std::vector<uint8_t> bytes_;  // of the write under way
};

}  // namespace

uint64_t ClientLog::write_called(uint8_t key, const Digest& value) {
  writes_.emplace(value, operations_.size());
  operations_.push_back({true, key, ++clock_, std::nullopt, {value}});
  return operations_.size() - 1;
}

void ClientLog::write_answered(uint64_t operation) {
  Operation& write = operations_[operation];
  if (write.returned) return;
  write.returned = ++clock_;
  ++answered_writes_;
}

uint64_t ClientLog::read_called() {
  operations_.push_back({false, 0, ++clock_, std::nullopt, {}});
  return operations_.size() - 1;
}

void ClientLog::read_answered(uint64_t operation, const Values& values) {
  Operation& read = operations_[operation];
  read.returned = ++clock_;
  read.values = values;
  ++answered_reads_;
}

void ClientLog::on_executed(ReplicaAddress /*who*/, TimePoint /*now*/,
                            const consensus::Block& block,
                            const consensus::ExecutionResult& /*result*/) {
  for (const consensus::PayloadRef& payload : block.payloads) {
    const uint8_t key = payload->digest.bytes[0];
    if (key < kKeys && !writes_.contains(payload->digest)) {
      (void)write_called(key, payload->digest);
    }
  }
}

// What nobody wrote is a value that no write has.
uint64_t ClientLog::value_of(const Digest& digest) const {
  if (digest.is_zero()) return 0;
  const auto found = writes_.find(digest);
  return found == writes_.end() ? UINT64_MAX : found->second + 1;
}

History ClientLog::history(uint8_t key) const {
  History history;
  for (const Operation& operation : operations_) {
    if (operation.is_write) {
      if (operation.key != key) continue;
      history.push_back({RegisterOperation::Kind::kWrite, value_of(operation.values[0]),
                         operation.called, operation.returned});
    } else if (operation.returned) {
      history.push_back({RegisterOperation::Kind::kRead, value_of(operation.values[key]),
                         operation.called, operation.returned});
    }
  }
  return history;
}

WorldSpec world_with_clients(consensus::Protocol protocol, uint64_t seed, ClientLog& log,
                             Defect defect) {
  WorldSpec world = generate_world(protocol, seed);
  // These clients go anywhere, also to replicas that will leave the chain or lose their disk, and
  // what waits there waits for ever: it is what is answered that is judged.
  world.progress_bound = Duration::zero();
  ChainSpec& chain = world.chains.front();
  const consensus::HashAlgorithm hash = chain.engine.hash;
  for (uint64_t load = 0; load < world.loads.size(); ++load) {
    const Bytes size = world.classes[world.loads[load].transaction_class].payload;
    world.loads[load].maker = [hash, load, size](uint64_t ordinal, uint64_t /*random*/,
                                                 int64_t /*wall_time*/, std::vector<uint8_t>& out) {
      out.assign(size.count(), 0);
      make_transaction(hash, kClients + load, ordinal, out,
                       [](uint8_t first) { return first >= ClientLog::kKeys; });
    };
  }
  if (defect == Defect::kOneBlockBehind || defect == Defect::kRestoredWithoutValues) {
    chain.application = [hash, defect] { return std::make_unique<BrokenStore>(hash, defect); };
  }
  Client::Setting setting{&log, defect, 0, {}, 0, hash};
  for (ReplicaIndex replica = 0; replica < chain.replicas.size(); ++replica) {
    const bool lies =
        std::any_of(world.adversaries.begin(), world.adversaries.end(),
                    [&](const AdversarySpec& adversary) { return adversary.replica == replica; });
    if (!lies) setting.replicas.push_back(replica);
  }
  for (uint64_t client = 0; client < kClients; ++client) {
    setting.number = client;
    setting.place = static_cast<PlaceIndex>(client % world.network.places.size());
    world.agents.push_back([setting, seed] { return std::make_unique<Client>(setting, seed); });
  }
  return world;
}

}  // namespace govchain::sim::test
