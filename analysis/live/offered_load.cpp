#include "analysis/live/offered_load.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/node/files/key_file.h"
#include "models/ledger/batch.h"
#include "models/ledger/transaction.h"
#include "sim/load/arrivals.h"
#include "sim/random.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::TimePoint;

namespace {

// One load of the scenario, with the random streams that a simulation gives it.
struct Source {
  Source(const sim::WorldSpec& world, uint32_t index)
      : load(world.loads[index]),
        arrivals(load, world.seed, index, TimePoint::since_start(world.duration)),
        random(world.seed, sim::RandomPurpose::kPayload, index),
        service(world.classes[load.get().transaction_class].service) {}
  std::reference_wrapper<const sim::LoadSpec> load;
  sim::Arrivals arrivals;
  sim::RandomStream random;
  uint32_t service;
  uint64_t ordinal = 0;
};

// What one department has for one replica and has not sent yet, of whatever service.
struct Waiting {
  const sim::LoadSpec* load = nullptr;
  std::vector<models::Transaction> transactions;
  std::vector<TransactionRecord> records;
};

// Later ones first, so that a heap of them has the next on top.
struct Later {
  bool operator()(const std::pair<uint64_t, Offered>& a,
                  const std::pair<uint64_t, Offered>& b) const {
    if (a.second.record.due != b.second.record.due)
      return a.second.record.due > b.second.record.due;
    return a.first > b.first;
  }
};

}  // namespace

class LoadMaker::Work {
 public:
  Work(const sim::WorldSpec& world, const Departments& departments, const Batching& batching,
       int64_t wall_time)
      : departments_(departments), batching_(batching), wall_time_(wall_time) {
    for (uint32_t index = 0; index < world.loads.size(); ++index) {
      sources_.emplace_back(world, index);
    }
  }

  // Whatever is made from now on leaves at `reached_` or later, so what is due by then may go.
  [[nodiscard]] std::optional<Offered> next() {
    while (!sources_.empty() && (made_.empty() || made_.front().second.record.due > reached_)) {
      if (!make_more()) break;
    }
    if (made_.empty()) return std::nullopt;
    std::pop_heap(made_.begin(), made_.end(), Later{});
    Offered offered = std::move(made_.back().second);
    made_.pop_back();
    return offered;
  }

 private:
  // False after the last transaction of all loads.
  bool make_more() {
    // Loads are few: replicas times services.
    const auto next = std::min_element(
        sources_.begin(), sources_.end(),
        [](const Source& a, const Source& b) { return a.arrivals.next() < b.arrivals.next(); });
    if (next->arrivals.next() == TimePoint::max()) {
      send_overdue(Duration::max());
      sources_.clear();
      return false;
    }
    reached_ = next->arrivals.next().since_start();
    add(*next);
    next->arrivals.advance();
    return true;
  }

  void add(Source& source) {
    const sim::LoadSpec& load = source.load;
    const Duration intended = source.arrivals.next().since_start();
    send_overdue(intended);
    load.maker(source.ordinal++, source.random.next(), wall_time_ + intended.nanoseconds(),
               bytes_of_one_);
    consensus::Reader in(bytes_of_one_);
    std::optional<models::Transaction> transaction = models::decode_transaction(in);
    GOVCHAIN_ASSERT(transaction && in.finished());
    Waiting& waiting = waiting_[{load.ingress, transaction->sender}];
    waiting.load = &load;
    waiting.records.push_back({intended, source.service, 0});
    waiting.transactions.push_back(std::move(*transaction));
    if (waiting.transactions.size() >= batching_.transactions) send(load, waiting, intended);
  }

  void send_overdue(Duration now) {
    for (auto& [who, waiting] : waiting_) {
      if (waiting.records.empty()) continue;
      const Duration latest = waiting.records.front().intended + batching_.patience;
      if (latest <= now) send(*waiting.load, waiting, latest);
    }
  }

  void send(const sim::LoadSpec& load, Waiting& waiting, Duration at) {
    Offered offered;
    const models::Transaction& first = waiting.transactions.front();
    offered.first = {models::transaction_id(departments_.hash, first), first.expiry};
    offered.bytes = signed_bytes(waiting.transactions);
    offered.record.payload = consensus::payload_digest(
        departments_.hash, offered.bytes, static_cast<uint32_t>(waiting.records.size()));
    offered.record.ingress = load.ingress;
    offered.record.access_delay = load.access_delay;
    offered.record.due = at + load.access_delay;
    offered.record.transactions = std::move(waiting.records);
    made_.emplace_back(number_++, std::move(offered));
    std::push_heap(made_.begin(), made_.end(), Later{});
    waiting = {};
  }

  [[nodiscard]] std::vector<uint8_t> signed_bytes(
      std::vector<models::Transaction>& transactions) const {
    const uint64_t department = transactions.front().sender.value();
    GOVCHAIN_ASSERT(department > 0 && department <= departments_.signers.size());
    consensus::Signer& signer = *departments_.signers[department - 1];
    if (batching_.transactions > 1) {
      return models::sign_batch(departments_.hash, signer, transactions);
    }
    models::Transaction& one = transactions.front();
    one.signature = signer.sign(
        models::transaction_statement(one.chain, models::transaction_id(departments_.hash, one)));
    std::vector<uint8_t> bytes;
    models::encode_transaction(one, bytes);
    return bytes;
  }

  const Departments& departments_;
  const Batching batching_;
  const int64_t wall_time_;
  std::vector<Source> sources_;  // none: all is made
  Duration reached_;
  std::map<std::pair<sim::ReplicaIndex, models::DepartmentId>, Waiting> waiting_;
  std::vector<uint8_t> bytes_of_one_;
  std::vector<std::pair<uint64_t, Offered>> made_;  // a heap, numbered as they were ready
  uint64_t number_ = 0;
};

LoadMaker::LoadMaker(const sim::WorldSpec& world, const Departments& departments,
                     const Batching& batching, int64_t wall_time)
    : work_(std::make_unique<Work>(world, departments, batching, wall_time)) {}
LoadMaker::~LoadMaker() = default;
LoadMaker::LoadMaker(LoadMaker&&) noexcept = default;
LoadMaker& LoadMaker::operator=(LoadMaker&&) noexcept = default;
std::optional<Offered> LoadMaker::next() { return work_->next(); }

Result<Departments> read_departments(const std::string& network, consensus::HashAlgorithm hash) {
  Departments departments;
  departments.hash = hash;
  const std::filesystem::path folder = std::filesystem::path(network) / "departments";
  for (uint32_t number = 1;; ++number) {
    const std::string path = (folder / ("department-" + std::to_string(number) + ".key")).string();
    const Result<consensus::node::ReplicaKey> key = consensus::node::read_key_file(path);
    if (!key && key.error().code == ErrorCode::kNotFound && number > 1) return departments;
    if (!key) return key.error();
    departments.signers.push_back(consensus::make_signer(key->scheme, key->seed));
  }
}

}  // namespace govchain::analysis::live
