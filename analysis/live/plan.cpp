#include "analysis/live/plan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "models/ledger/ledger.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

namespace {

using FaultKind = sim::FaultSpec::Kind;
using StepKind = FaultStep::Kind;

class Planner {
 public:
  explicit Planner(const scenarios::Scenario& scenario)
      : scenario_(scenario),
        world_(scenario.world),
        json_(nlohmann::json::parse(scenario.resolved)) {}

  [[nodiscard]] Result<LivePlan> plan() {
    check_world();
    if (!error_) check_chain();
    if (!error_) check_network();
    if (!error_) read_delays();
    for (size_t i = 0; i < world_.faults.size() && !error_; ++i) read_fault(i);
    if (error_) return *error_;
    std::vector<sim::ReplicaIndex>& small = plan_.small_disks;
    std::sort(small.begin(), small.end());
    small.erase(std::unique(small.begin(), small.end()), small.end());
    std::stable_sort(plan_.steps.begin(), plan_.steps.end(),
                     [](const FaultStep& a, const FaultStep& b) { return a.at < b.at; });
    return std::move(plan_);
  }

 private:
  void refuse(const std::string& pointer, const std::string& message) {
    if (!error_) {
      error_ = Error{ErrorCode::kUnsupported, message, scenario_.path + " " + pointer};
    }
  }
  void refuse_if_there(const std::string& pointer, const std::string& message) {
    const nlohmann::json::json_pointer place(pointer);
    if (json_.contains(place)) refuse(pointer, message);
  }

  void check_world() {
    if (world_.chains.size() > 1) refuse("/chains/1", "a live run has one chain");
    if (world_.load_mode != sim::LoadMode::kExact) {
      refuse("/load_mode", "real transactions are exact; say \"exact\"");
    }
    if (!world_.adversaries.empty()) {
      refuse("/adversaries/0", "a live run has honest replicas: a liar would need to be built");
    }
    if (!world_.requests.empty()) {
      refuse("/requests/0", "a live run asks for nothing besides transactions yet");
    }
  }

  void check_chain() {
    refuse_if_there("/chains/0/load/ask_again_after_ms", "clients of a live run ask once");
    refuse_if_there("/chains/0/load/clients",
                    "the load of a live run has a rate; clients that wait are simulated only");
    const sim::ChainSpec& chain = world_.chains.front();
    plan_.replicas = static_cast<uint32_t>(chain.replicas.size());
    const std::unique_ptr<consensus::Application> state =
        chain.application ? chain.application() : nullptr;
    const auto* const ledger = dynamic_cast<const models::Ledger*>(state.get());
    if (ledger == nullptr) {
      return refuse("/chains/0/application",
                    "a node runs the ledger: say \"ledger\", and a mix of its workloads");
    }
    plan_.departments = static_cast<uint32_t>(ledger->config().departments.size());
    for (const char* key : {"weights", "witnesses"}) {
      refuse_if_there("/chains/0/" + std::string(key),
                      "a network that is laid out for a live run has equal members");
    }
    // What the network's file has no room for.
    constexpr std::pair<const char*, std::array<std::string_view, 3>> kCarried[] = {
        {"raft", {"election_timeout_ms", "heartbeat_ms", "lease_reads"}},
        {"hotstuff", {"commit_rule", "leader", ""}},
        {"tendermint", {"", "", ""}},
        {"qbft", {"", "", ""}}};
    for (const auto& [section, known] : kCarried) {
      const nlohmann::json::json_pointer place("/chains/0/" + std::string(section));
      if (!json_.contains(place)) continue;
      for (const auto& [key, value] : json_[place].items()) {
        const bool is_remark = key == "note" || key == "source" || key == "basis";
        if (is_remark || std::find(known.begin(), known.end(), key) != known.end()) continue;
        refuse("/chains/0/" + std::string(section) + "/" + key,
               "a node's network file does not have this setting yet");
      }
    }
    const nlohmann::json::json_pointer engine("/chains/0/engine");
    if (!json_.contains(engine)) return;
    for (const auto& [key, value] : json_[engine].items()) {
      if (!key.ends_with("_ms") || !value.is_number()) continue;
      const auto milliseconds = value.get<double>();
      if (milliseconds != static_cast<double>(static_cast<int64_t>(milliseconds))) {
        refuse("/chains/0/engine/" + key, "a node's network file has whole milliseconds");
      }
    }
  }

  void check_network() {
    const std::string lines = "the delay line delays and cuts; it does not limit, lose or scatter";
    for (const char* key : {"trunk_mbps", "access_mbps", "loss", "jitter"}) {
      refuse_if_there("/network/" + std::string(key), lines);
    }
    if (!json_.contains("network")) return;
    const nlohmann::json& network = json_["network"];
    const size_t places = network.contains("places") ? network["places"].size() : 0;
    for (size_t i = 0; i < places; ++i) {
      refuse_if_there("/network/places/" + std::to_string(i) + "/local_jitter", lines);
    }
    const size_t delays = network.contains("delays") ? network["delays"].size() : 0;
    for (size_t i = 0; i < delays; ++i) {
      for (const char* key : {"mbps", "loss"}) {
        refuse_if_there("/network/delays/" + std::to_string(i) + "/" + key, lines);
      }
    }
  }

  [[nodiscard]] sim::PlaceIndex place_of(uint32_t replica) const {
    return world_.hosts[world_.chains.front().replicas[replica].host].place;
  }

  [[nodiscard]] Duration delay_between(uint32_t from, uint32_t to) const {
    const sim::PlaceIndex a = place_of(from);
    const sim::PlaceIndex b = place_of(to);
    if (a == b) return world_.network.places[a].local_delay;
    Duration delay;
    for (const sim::TrunkIndex trunk :
         world_.network.routes[a * world_.network.places.size() + b]) {
      delay += world_.network.trunks[trunk].delay;
    }
    return delay;
  }

  void read_delays() {
    bool any = false;
    std::vector<std::vector<Duration>> delays(plan_.replicas,
                                              std::vector<Duration>(plan_.replicas));
    for (uint32_t from = 0; from < plan_.replicas; ++from) {
      for (uint32_t to = 0; to < plan_.replicas; ++to) {
        if (from == to) continue;
        delays[from][to] = delay_between(from, to);
        any = any || delays[from][to] > Duration::zero();
      }
    }
    if (any) plan_.delays = std::move(delays);
  }

  void add(size_t index, StepKind begin, StepKind end) {
    const sim::FaultSpec& fault = world_.faults[index];
    plan_.steps.push_back({fault.at, begin, index, fault.group});
    if (fault.duration == Duration::max() || fault.at + fault.duration >= world_.duration) return;
    plan_.steps.push_back({fault.at + fault.duration, end, index, fault.group});
  }

  void read_fault(size_t index) {
    const sim::FaultSpec& fault = world_.faults[index];
    const std::string pointer = "/faults/" + std::to_string(index);
    switch (fault.kind) {
      case FaultKind::kCrash:
        plan_.kills = true;
        return add(index, StepKind::kKill, StepKind::kStart);
      case FaultKind::kPause:
        return add(index, StepKind::kPause, StepKind::kResume);
      case FaultKind::kPartition:
        plan_.cuts = true;
        return add(index, StepKind::kCut, StepKind::kHeal);
      case FaultKind::kClockDrift:
        return refuse(pointer, "the clock of a real process cannot be made to drift");
      case FaultKind::kLoss:
      case FaultKind::kDuplicate:
      case FaultKind::kReorder:
        return refuse(pointer,
                      "replicas speak TLS over TCP, which lets no message be lost, doubled or "
                      "overtaken alone");
      case FaultKind::kOneWayCut:
      case FaultKind::kClog:
        return refuse(pointer, "a live run cuts both ways: use partition");
      case FaultKind::kBitRot:
        return refuse(pointer, "a live run turns no bits on the disk of a process that runs");
      case FaultKind::kTrunkCut:
      case FaultKind::kPlaceLoss:
        return refuse(pointer, "a live run cuts replicas off, not trunks or places: use partition");
      case FaultKind::kCrashAtPersist:
      case FaultKind::kTornTail:
        return refuse(pointer,
                      "a live run does not choose the write at which it kills: use crash, which "
                      "tears what was not synced");
      case FaultKind::kDiskFull:
        plan_.small_disks.insert(plan_.small_disks.end(), fault.group.begin(), fault.group.end());
        return add(index, StepKind::kFill, StepKind::kEmpty);
      case FaultKind::kSlowDisk:
        return refuse(pointer, "a live run cannot slow a disk down");
      case FaultKind::kNewSoftware:
        return refuse(pointer, "a live run has one version of the software");
    }
  }

  const scenarios::Scenario& scenario_;
  const sim::WorldSpec& world_;
  const nlohmann::json json_;
  LivePlan plan_;
  std::optional<Error> error_;
};

}  // namespace

Result<LivePlan> plan_live(const scenarios::Scenario& scenario) { return Planner(scenario).plan(); }

}  // namespace govchain::analysis::live
