// The load of one chain: how much, into which replicas, of which services.

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "models/services/standard_chain.h"
#include "models/services/workload.h"
#include "scenarios/consensus_reader.h"

namespace govchain::scenarios {

namespace {

// More would not fit into memory as objects, and cohorts do not need as many.
constexpr double kMostTransactions = 1e9;
constexpr double kMostExactTransactions = 5e7;

std::vector<sim::ReplicaIndex> ingress_of(const Reader& load, const sim::ChainSpec& chain) {
  const size_t replicas = chain.replicas.size();
  const auto is_witness = [&](uint64_t replica) {
    return std::binary_search(chain.witnesses.begin(), chain.witnesses.end(), replica);
  };
  std::vector<sim::ReplicaIndex> all;
  for (uint32_t i = 0; i < replicas; ++i) {
    if (!is_witness(i)) all.push_back(i);
  }
  const JsonNode* ingress = load.find("ingress");
  if (ingress == nullptr) return all;
  if (ingress->is_string()) {
    return ingress->text == "first_replica" ? std::vector<sim::ReplicaIndex>{all.front()} : all;
  }
  std::vector<sim::ReplicaIndex> chosen;
  for (const JsonNode& one : ingress->elements) {
    const uint64_t replica = one.natural.value_or(0);
    if (replica >= replicas) {
      load.refuse("ingress", fmt::format("no replica {}; the chain has {}", replica, replicas));
      return all;
    }
    if (is_witness(replica)) {
      load.refuse("ingress", fmt::format("replica {} is a witness, which takes none", replica));
    }
    if (std::find(chosen.begin(), chosen.end(), replica) != chosen.end()) {
      load.refuse("ingress", fmt::format("replica {} is there twice", replica));
    }
    chosen.push_back(static_cast<sim::ReplicaIndex>(replica));
  }
  return chosen;
}

std::vector<sim::RateStep> steps_of(const Reader& load, sim::Duration until,
                                    const sim::WorldSpec& world) {
  std::vector<sim::RateStep> steps{{{}, load.value("rate_per_second", 0)}};
  for (const Reader& step : load.objects("steps", "step")) {
    sim::RateStep one;
    step.seconds("from_seconds", one.from);
    one.per_second = step.value("per_second", 0);
    if (one.from >= world.duration) {
      step.refuse("from_seconds", fmt::format("after the end of the run, which lasts {:g} s",
                                              world.duration.to_seconds()));
    }
    if (load.has("until_seconds") && one.from >= until) {
      step.refuse(
          "from_seconds",
          fmt::format("has no effect: the load ends at until_seconds, {:g} s", until.to_seconds()));
    }
    if (one.from < steps.back().from || (steps.size() > 1 && one.from == steps.back().from)) {
      step.refuse("from_seconds", "steps must come in ascending order of time");
    }
    if (one.from == sim::Duration::zero()) steps.clear();
    steps.push_back(one);
  }
  return steps;
}

double transactions_of(const std::vector<sim::RateStep>& steps, sim::Duration end) {
  double total = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const sim::Duration until = i + 1 < steps.size() ? steps[i + 1].from : end;
    total +=
        steps[i].per_second * std::max(0.0, (std::min(until, end) - steps[i].from).to_seconds());
  }
  return total;
}

struct Part {
  uint32_t transaction_class = 0;
  double share = 1;
  std::string workload = "random";
};

uint32_t add_class(const std::string& service, sim::Bytes payload, double factor,
                   sim::WorldSpec& world) {
  const auto known = std::find(world.services.begin(), world.services.end(), service);
  const auto index = static_cast<sim::ServiceIndex>(known - world.services.begin());
  if (known == world.services.end()) world.services.push_back(service);
  world.classes.push_back({service, index, payload, factor});
  return static_cast<uint32_t>(world.classes.size() - 1);
}

// Whose calls have content of any size; the others' are as long as they are.
bool takes_size(const std::string& workload) { return workload == "evidence"; }

double measured_factor(const std::string& workload, sim::Bytes payload) {
  if (workload == "evidence") {
    return (models::kEvidenceCostPerMille + models::kEvidenceCostPerMilleAndKilobyte *
                                                static_cast<double>(payload.count()) / 1'024) /
           1000.0;
  }
  if (workload == "sharing") return models::kSharingCostPerMille / 1000.0;
  if (workload == "licence") return models::kLicenceCostPerMille / 1000.0;
  if (workload == "invoice") return models::kInvoiceCostPerMille / 1000.0;
  return 1;
}

std::vector<Part> read_mix(const Reader& load, const Reader& chain, sim::WorldSpec& world) {
  sim::Bytes payload{256};
  double factor = 1;
  load.bytes("payload_bytes", payload);
  load.number("execution_factor", factor);
  const bool ledger = chain.text("application", "key_value") == "ledger";
  std::vector<Part> parts;
  double total = 0;
  for (const Reader& entry : load.objects("mix", "mix")) {
    Part part;
    part.share = entry.value("share", 0);
    part.workload = entry.text("workload", "random");
    const bool real = part.workload != "random";
    if (real && !ledger) {
      entry.refuse("workload", "real contract calls need the chain's application to be ledger");
    }
    if (real && world.load_mode == sim::LoadMode::kCohort) {
      entry.refuse("workload", "real contract calls need load_mode exact");
    }
    if (real && !takes_size(part.workload) && entry.has("payload_bytes")) {
      entry.warn("payload_bytes", "has no effect: real calls have their own size");
    }
    if (!real && ledger && world.load_mode == sim::LoadMode::kExact) {
      entry.refuse("", "random bytes are no calls of the ledger; name a workload",
                   "one of sharing, licence, invoice, evidence");
    }
    sim::Bytes own = payload;
    entry.bytes("payload_bytes", own);
    if (takes_size(part.workload) && own.count() > models::kMaxFieldBytes) {
      entry.refuse(entry.has("payload_bytes") ? "payload_bytes" : "workload",
                   fmt::format("a call's content has at most {} bytes", models::kMaxFieldBytes));
    }
    double own_factor = real ? measured_factor(part.workload, own) : factor;
    entry.number("execution_factor", own_factor);
    part.transaction_class = add_class(entry.text("service"), own, own_factor, world);
    if (real) world.classes.back().contract = part.workload;
    total += part.share;
    parts.push_back(std::move(part));
  }
  for (const char* key : {"payload_bytes", "execution_factor"}) {
    const auto entries = load.objects("mix", "mix");
    const bool all_own = std::all_of(entries.begin(), entries.end(), [&](const Reader& entry) {
      const std::string workload = entry.text("workload", "random");
      const bool uses_size = std::string_view(key) == "payload_bytes" && takes_size(workload);
      return entry.has(key) || (workload != "random" && !uses_size);
    });
    if (load.has(key) && !entries.empty() && all_own) {
      load.warn(key, "has no effect: every entry of mix has its own");
    }
  }
  if (!parts.empty() && std::abs(total - 1) > 1e-6) {
    load.refuse("mix", fmt::format("the shares add up to {:g}, not to 1", total));
  }
  if (parts.empty()) {
    if (ledger && world.load_mode == sim::LoadMode::kExact) {
      load.refuse("", "the ledger needs calls: mix is missing");
    }
    parts.push_back({add_class("transactions", payload, factor, world), 1, "random"});
  }
  return parts;
}

sim::TransactionMaker maker_of(const std::string& workload, sim::Bytes payload,
                               consensus::HashAlgorithm hash, const Reader& chain,
                               sim::ChainIndex index, uint32_t source) {
  if (workload == "random") return {};
  uint32_t departments = 10;
  chain.integer("departments", departments);
  models::WorkloadConfig config;
  config.chain = consensus::ChainId(uint64_t{index} + 1);  // as the world numbers them
  config.source = source;
  config.departments = models::standard_departments(departments, 1);
  if (workload == "licence") return models::licence_workload(std::move(config));
  if (workload == "invoice") return models::invoice_workload(std::move(config));
  if (workload == "evidence") {
    return models::evidence_workload(std::move(config), payload, hash);
  }
  return models::sharing_workload(std::move(config));
}

// In an exact run every transaction that waits is an object; under overload all wait that clients
// have not given up. `run` on 16 replicas takes 1.4 kB for each of 512 B.
void check_memory(const Reader& load, const std::vector<sim::RateStep>& steps,
                  const std::vector<Part>& parts, const sim::WorldSpec& world) {
  constexpr double kOverheadBytes = 1'000;
  constexpr double kMostBytes = 8e9;
  double rate = 0;
  for (const sim::RateStep& step : steps) rate = std::max(rate, step.per_second);
  double bytes = 0;
  for (const Part& part : parts) {
    const auto payload = static_cast<double>(world.classes[part.transaction_class].payload.count());
    bytes += part.share * (payload + kOverheadBytes);
  }
  const double seconds = std::min(world.duration, world.client_timeout).to_seconds();
  const double most = rate * seconds * bytes;
  if (most <= kMostBytes) return;
  load.refuse("rate_per_second",
              fmt::format("up to {:.3g} transactions can wait at once and take {:.3g} GB; at most "
                          "{:g} GB in an exact run (load_mode cohort needs less)",
                          rate * seconds, most / 1e9, kMostBytes / 1e9));
}

// Clients who lose patience ask the replicas that follow theirs, one after the other.
std::optional<sim::RetrySpec> retry_of(const Reader& load, sim::ReplicaIndex ingress,
                                       const sim::WorldSpec& world, const sim::ChainSpec& chain) {
  if (!load.has("ask_again_after_ms")) return std::nullopt;
  if (world.load_mode != sim::LoadMode::kExact) {
    load.refuse("ask_again_after_ms", "clients are one by one in load_mode exact only");
  }
  sim::RetrySpec retry;
  load.milliseconds("ask_again_after_ms", retry.after);
  const auto replicas = static_cast<sim::ReplicaIndex>(chain.replicas.size());
  for (sim::ReplicaIndex next = 1; next <= replicas; ++next) {
    const sim::ReplicaIndex other = (ingress + next) % replicas;
    const bool witness = std::binary_search(chain.witnesses.begin(), chain.witnesses.end(), other);
    if (!witness) retry.at.push_back(other);
  }
  return retry;
}

// Clients that wait, dealt to the loads in turn; nothing where there is a rate.
std::vector<uint32_t> deal_clients(const Reader& load, const std::vector<Part>& parts,
                                   size_t ingress, const sim::WorldSpec& world) {
  if (!load.has("clients")) return {};
  for (const char* const other : {"rate_per_second", "steps", "arrivals", "ask_again_after_ms"}) {
    if (load.has(other)) {
      load.refuse(other, "has no effect: clients that wait ask when they have their answers");
    }
  }
  if (world.load_mode != sim::LoadMode::kExact) {
    load.refuse("clients", "clients wait one by one in load_mode exact only");
  }
  uint32_t clients = 0;
  load.integer("clients", clients);
  std::vector<uint32_t> dealt;
  double share = 0;
  uint32_t so_far = 0;
  for (const Part& part : parts) {
    for (size_t i = 0; i < ingress; ++i) {
      share += part.share / static_cast<double>(ingress);
      // The last of them gets what rounding has left.
      const auto until = static_cast<uint32_t>(std::llround(share * clients));
      dealt.push_back(until - so_far);
      so_far = until;
    }
  }
  return dealt;
}

}  // namespace

void read_load(const Reader& load, const Reader& chain, sim::ChainIndex index,
               sim::WorldSpec& world) {
  if (!load.has("rate_per_second") && !load.has("clients")) {
    load.refuse("", "the key \"rate_per_second\" is missing",
                "or \"clients\", which wait for their answers");
  }
  const std::vector<sim::ReplicaIndex> ingress = ingress_of(load, world.chains[index]);
  sim::LoadSpec common;
  common.chain = index;
  if (load.text("arrivals", "poisson") == "uniform") common.arrivals = sim::ArrivalKind::kUniform;
  bool one_machine = false;
  chain.boolean("one_machine", one_machine);
  if (one_machine) common.clients_on = world.chains[index].replicas.front().host;
  load.milliseconds("access_delay_ms", common.access_delay);
  load.seconds("until_seconds", common.until);
  const std::vector<sim::RateStep> steps = steps_of(load, common.until, world);
  if (common.access_delay >= world.duration) {
    load.warn("access_delay_ms", "no transaction arrives before the end of the run");
  }
  if (load.has("until_seconds") && common.until > world.duration) {
    load.warn("until_seconds", "has no effect: the run is over before");
  }
  const double count = transactions_of(steps, std::min(common.until, world.duration));
  const bool exact = world.load_mode == sim::LoadMode::kExact;
  const double most = exact ? kMostExactTransactions : kMostTransactions;
  if (count > most) {
    load.refuse("rate_per_second",
                fmt::format("{:.3g} transactions in this run; at most {:g}{}", count, most,
                            exact ? " in an exact run (load_mode cohort takes more)" : ""));
  }
  const std::vector<Part> parts = read_mix(load, chain, world);
  const std::vector<uint32_t> clients = deal_clients(load, parts, ingress.size(), world);
  if (count <= 0 && clients.empty()) {
    load.warn("rate_per_second", "no transaction is ever offered");
  }
  if (exact) check_memory(load, steps, parts, world);
  uint32_t source = 0;
  for (const Part& part : parts) {
    for (const sim::ReplicaIndex replica : ingress) {
      sim::LoadSpec one = common;
      one.ingress = replica;
      one.retry = retry_of(load, replica, world, world.chains[index]);
      one.transaction_class = part.transaction_class;
      if (clients.empty()) {
        one.rate = steps;
      } else {
        one.clients = clients[source];
        if (one.clients == 0) {
          ++source;
          continue;
        }
      }
      for (sim::RateStep& step : one.rate) {
        step.per_second *= part.share / static_cast<double>(ingress.size());
      }
      one.maker = maker_of(part.workload, world.classes[part.transaction_class].payload,
                           world.chains[index].engine.hash, chain, index, source++);
      world.loads.push_back(std::move(one));
    }
  }
}

}  // namespace govchain::scenarios
