// Faults, adversaries and requests.

#include <algorithm>

#include <fmt/format.h>

#include "consensus/protocols.h"
#include "scenarios/consensus_reader.h"
#include "scenarios/nearest_name.h"
#include "sim/adversary/interceptor.h"

namespace govchain::scenarios {

namespace {

using FaultKind = sim::FaultSpec::Kind;

struct KindRow {
  const char* name;
  FaultKind kind;
  // What it needs: 'r' replicas, 'p' place, 't' trunk, 'm' probability, 'd' drift, 'f' factor,
  // 's' spread, 'c' count (optional).
  const char* needs;
};

constexpr KindRow kKinds[] = {
    {"crash", FaultKind::kCrash, "r"},
    {"crash_at_persist", FaultKind::kCrashAtPersist, "rc"},
    {"pause", FaultKind::kPause, "r"},
    {"clock_drift", FaultKind::kClockDrift, "rd"},
    {"partition", FaultKind::kPartition, "r"},
    {"loss", FaultKind::kLoss, "m"},
    {"duplicate", FaultKind::kDuplicate, "m"},
    {"reorder", FaultKind::kReorder, "ms"},
    {"trunk_cut", FaultKind::kTrunkCut, "t"},
    {"place_loss", FaultKind::kPlaceLoss, "p"},
    {"torn_tail", FaultKind::kTornTail, "r"},
    {"disk_full", FaultKind::kDiskFull, "r"},
    {"slow_disk", FaultKind::kSlowDisk, "rf"},
    {"one_way_cut", FaultKind::kOneWayCut, "r"},
    {"clog", FaultKind::kClog, "r"},
    {"bit_rot", FaultKind::kBitRot, "r"},
};

struct NeedRow {
  char letter;
  const char* key;
  bool required;
};
constexpr NeedRow kNeeds[] = {{'r', "replicas", true},  {'p', "place", true},
                              {'t', "trunk", true},     {'m', "probability", true},
                              {'d', "drift", true},     {'f', "factor", true},
                              {'s', "spread_ms", true}, {'c', "count", false}};

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  const auto nearest = nearest_name(name, known);
  return nearest ? "did you mean \"" + *nearest + "\"?" : "";
}

sim::ChainIndex chain_of(const Reader& entry, const sim::WorldSpec& world) {
  if (!entry.has("chain")) return 0;
  const std::string id = entry.text("chain");
  std::vector<std::string> known;
  for (const sim::ChainSpec& chain : world.chains) known.push_back(chain.name);
  const auto found = std::find(known.begin(), known.end(), id);
  if (found == known.end()) {
    entry.refuse("chain", "no chain \"" + id + "\"", did_you_mean(id, known));
    return 0;
  }
  return static_cast<sim::ChainIndex>(found - known.begin());
}

std::vector<sim::ReplicaIndex> replicas_of(const Reader& entry, const std::string& key,
                                           const sim::ChainSpec& chain) {
  std::vector<sim::ReplicaIndex> out;
  const JsonNode* list = entry.find(key);
  for (size_t i = 0; list != nullptr && i < list->elements.size(); ++i) {
    const uint64_t replica = list->elements[i].natural.value_or(0);
    if (replica >= chain.replicas.size()) {
      entry.refuse(key, fmt::format("no replica {}; chain {} has {}", replica, chain.name,
                                    chain.replicas.size()));
      return {};
    }
    if (std::find(out.begin(), out.end(), replica) != out.end()) {
      entry.refuse(key, fmt::format("replica {} is there twice", replica));
    }
    out.push_back(static_cast<sim::ReplicaIndex>(replica));
  }
  std::sort(out.begin(), out.end());
  return out;
}

sim::ReplicaIndex replica_of(const Reader& entry, const std::string& key,
                             const sim::ChainSpec& chain) {
  uint32_t replica = 0;
  entry.integer(key, replica);
  if (replica >= chain.replicas.size()) {
    entry.refuse(key, fmt::format("no replica {}; chain {} has {}", replica, chain.name,
                                  chain.replicas.size()));
    return 0;
  }
  return replica;
}

void check_time(const Reader& entry, const std::string& key, sim::Duration at,
                const sim::WorldSpec& world) {
  if (at >= world.duration) {
    entry.refuse(key, fmt::format("after the end of the run, which lasts {:g} s",
                                  world.duration.to_seconds()));
  }
}

void check_needs(const Reader& entry, const KindRow& row) {
  const std::string_view needs = row.needs;
  for (const NeedRow& need : kNeeds) {
    const bool wanted = needs.find(need.letter) != std::string_view::npos;
    const bool there = entry.has(need.key);
    if (wanted && need.required && !there) {
      entry.refuse("", fmt::format("{} is missing for a fault of kind {}", need.key, row.name));
    } else if (!wanted && there) {
      entry.refuse(need.key, fmt::format("has no effect on a fault of kind {}", row.name));
    }
  }
}

void find_place(const Reader& entry, const sim::WorldSpec& world, sim::FaultSpec& fault) {
  if (!entry.has("place")) return;
  const std::string id = entry.text("place");
  std::vector<std::string> known;
  for (const sim::PlaceSpec& place : world.network.places) known.push_back(place.name);
  const auto found = std::find(known.begin(), known.end(), id);
  if (found == known.end()) {
    entry.refuse("place", "no place \"" + id + "\"", did_you_mean(id, known));
    return;
  }
  fault.place = static_cast<sim::PlaceIndex>(found - known.begin());
}

void find_trunk(const Reader& entry, const sim::WorldSpec& world, sim::FaultSpec& fault) {
  const std::vector<std::string> ends = entry.texts("trunk");
  if (ends.size() != 2) return;
  const auto& places = world.network.places;
  const auto& trunks = world.network.trunks;
  for (size_t i = 0; i < trunks.size(); ++i) {
    const std::string& a = places[trunks[i].a].name;
    const std::string& b = places[trunks[i].b].name;
    if ((a == ends[0] && b == ends[1]) || (a == ends[1] && b == ends[0])) {
      fault.trunk = static_cast<sim::TrunkIndex>(i);
      return;
    }
  }
  std::string known;
  for (size_t i = 0; i < trunks.size() && i < 8; ++i) {
    known += (i > 0 ? ", " : "") + places[trunks[i].a].name + "-" + places[trunks[i].b].name;
  }
  if (trunks.size() > 8) known += ", …";
  entry.refuse("trunk", "no trunk between these two", known.empty() ? "" : "there are " + known);
}

// Effects that are none.
void check_effect(const Reader& entry, const sim::FaultSpec& fault, const sim::WorldSpec& world) {
  const auto idle = [&](const char* key) { entry.refuse(key, "a fault without effect"); };
  if (entry.has("probability") && fault.magnitude <= 0) idle("probability");
  if (entry.has("drift") && fault.magnitude == 0) idle("drift");
  if (entry.has("factor") && fault.magnitude == 1) idle("factor");
  if (entry.has("spread_ms") && fault.spread == sim::Duration::zero()) idle("spread_ms");
  const bool cuts = fault.kind == FaultKind::kPartition || fault.kind == FaultKind::kOneWayCut;
  if (cuts && fault.group.size() == world.chains[fault.chain].replicas.size()) {
    entry.refuse("replicas", fault.kind == FaultKind::kPartition
                                 ? "a partition with all replicas on one side has no effect"
                                 : "a cut with all replicas on one side has no effect");
  }
  const bool open_ended = fault.duration == sim::Duration::max();
  if (!open_ended && fault.at + fault.duration > world.duration && !entry.log().error) {
    entry.warn("duration_seconds", "lasts beyond the end of the run");
  }
}

void read_fault(const Reader& entry, sim::WorldSpec& world) {
  const std::string name = entry.text("kind");
  const auto* row = std::find_if(std::begin(kKinds), std::end(kKinds),
                                 [&](const KindRow& one) { return name == one.name; });
  GOVCHAIN_ASSERT(row != std::end(kKinds));  // the schema has passed it
  check_needs(entry, *row);
  sim::FaultSpec fault;
  fault.kind = row->kind;
  entry.seconds("at_seconds", fault.at);
  entry.seconds("duration_seconds", fault.duration);
  fault.chain = chain_of(entry, world);
  const bool of_all_chains =
      fault.kind == FaultKind::kTrunkCut || fault.kind == FaultKind::kPlaceLoss;
  if (of_all_chains && entry.has("chain")) {
    entry.refuse("chain", "has no effect: a fault of kind " + name + " strikes every chain there");
  }
  fault.group = replicas_of(entry, "replicas", world.chains[fault.chain]);
  find_place(entry, world, fault);
  find_trunk(entry, world, fault);
  entry.number("probability", fault.magnitude);
  entry.number("drift", fault.magnitude);
  entry.number("factor", fault.magnitude);
  entry.milliseconds("spread_ms", fault.spread);
  entry.integer("count", fault.count);
  check_time(entry, "at_seconds", fault.at, world);
  check_effect(entry, fault, world);
  world.faults.push_back(std::move(fault));
}

void read_adversary(const Reader& entry, sim::WorldSpec& world) {
  using Kind = sim::AdversarySpec::Kind;
  sim::AdversarySpec adversary;
  const std::string kind = entry.text("kind");
  if (kind == "equivocating_leader") adversary.kind = Kind::kEquivocatingLeader;
  if (kind == "double_voter") adversary.kind = Kind::kDoubleVoter;
  if (kind == "forger") adversary.kind = Kind::kForger;
  if (kind == "malformed_sender") adversary.kind = Kind::kMalformedSender;
  if (kind == "hiding_primary") adversary.kind = Kind::kHidingPrimary;
  if (kind == "withholding_origin") adversary.kind = Kind::kWithholdingOrigin;
  if (kind == "selective_leader") adversary.kind = Kind::kSelectiveLeader;
  if (kind == "censor") adversary.kind = Kind::kCensor;
  if (kind == "flooder") adversary.kind = Kind::kFlooder;
  if (kind == "amnesiac") adversary.kind = Kind::kAmnesiac;
  if (kind == "twin") adversary.kind = Kind::kTwin;
  adversary.chain = chain_of(entry, world);
  adversary.replica = replica_of(entry, "replica", world.chains[adversary.chain]);
  entry.seconds("from_seconds", adversary.from);
  check_time(entry, "from_seconds", adversary.from, world);
  const consensus::ProtocolTraits& protocol =
      consensus::traits_of(world.chains[adversary.chain].protocol);
  if (protocol.faults == consensus::FaultModel::kCrash) {
    entry.refuse("kind",
                 fmt::format("{} tolerates crashes, not lies; an adversary needs a Byzantine "
                             "protocol",
                             protocol.name));
  } else if (!sim::applies(adversary.kind, protocol.protocol)) {
    entry.refuse("kind", fmt::format("is not an adversary of {}", protocol.name));
  }
  world.adversaries.push_back(adversary);
}

void read_request(const Reader& entry, sim::WorldSpec& world) {
  using Kind = sim::RequestSpec::Kind;
  sim::RequestSpec request;
  const std::string kind = entry.text("kind");
  if (kind == "membership") request.kind = Kind::kMembership;
  if (kind == "leader_transfer") request.kind = Kind::kLeaderTransfer;
  if (kind == "forget_leader") request.kind = Kind::kForgetLeader;
  if (kind == "upgrade") request.kind = Kind::kUpgrade;
  entry.seconds("at_seconds", request.at);
  check_time(entry, "at_seconds", request.at, world);
  request.chain = chain_of(entry, world);
  const sim::ChainSpec& chain = world.chains[request.chain];
  request.replica = replica_of(entry, "replica", chain);
  request.voters = replicas_of(entry, "voters", chain);
  request.leader = replica_of(entry, "leader", chain);
  uint16_t version = consensus::number_of(consensus::kNewestProtocolVersion);
  entry.integer("version", version);
  if (!consensus::is_known_version(version)) {
    entry.refuse("version", fmt::format("this build knows the protocol versions {}",
                                        consensus::known_versions()));
  }
  request.version = static_cast<consensus::ProtocolVersion>(version);
  const auto need = [&](const char* key, bool wanted) {
    if (wanted && !entry.has(key)) {
      entry.refuse("", fmt::format("{} is missing for a request of kind {}", key, kind));
    } else if (!wanted && entry.has(key)) {
      entry.refuse(key, fmt::format("has no effect on a request of kind {}", kind));
    }
  };
  need("voters", request.kind == Kind::kMembership);
  need("leader", request.kind == Kind::kLeaderTransfer);
  need("version", request.kind == Kind::kUpgrade);
  world.requests.push_back(std::move(request));
}

}  // namespace

void read_events(const Reader& root, sim::WorldSpec& world) {
  for (const Reader& entry : root.objects("faults", "fault")) read_fault(entry, world);
  for (const Reader& entry : root.objects("adversaries", "adversary")) {
    read_adversary(entry, world);
  }
  for (const Reader& entry : root.objects("requests", "request")) read_request(entry, world);
}

}  // namespace govchain::scenarios
