#include <algorithm>
#include <map>

#include "models/services/evidence/contract.h"

namespace govchain::models::evidence {

std::string_view text_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNumberUsed:
      return "the department has used this number";
    case Refusal::kNoDigest:
      return "the object's hash must be given";
    case Refusal::kOtherContent:
      return "the content does not have the hash that is given for it";
    case Refusal::kNoSuchEvidence:
      return "there is no such evidence";
    case Refusal::kNotTheCustodian:
      return "only the custodian may do this";
    case Refusal::kIsHandedOver:
      return "the evidence is on its way to another custodian";
    case Refusal::kIsClosed:
      return "the evidence is closed";
    case Refusal::kUnknownReceiver:
      return "it can only be handed over to another department of this chain";
    case Refusal::kNotTheReceiver:
      return "it was not handed over to this department";
  }
  return {};
}

std::optional<Evidence> find_evidence(const StateReader& state, const EvidenceName& name) {
  return state.get<Evidence>(evidence_key(name));
}

std::vector<HistoryEntry> history(const StateReader& state, const EvidenceName& name,
                                  uint64_t first, uint32_t limit) {
  std::vector<HistoryEntry> entries;
  const auto evidence = find_evidence(state, name);
  const uint64_t size = evidence ? evidence->events : 0;
  for (uint64_t i = first; i < size && entries.size() < limit; ++i) {
    entries.push_back(state.get<HistoryEntry>(history_key(name, i)).value());
  }
  return entries;
}

namespace {

using Histories = std::map<EvidenceName, std::map<uint64_t, HistoryEntry>>;

// Where the history alone says that the evidence is: what the record must say, too.
struct Place {
  DepartmentId custodian;
  DepartmentId receiver;
  EvidenceState state = EvidenceState::kHeld;
  uint32_t altered = 0;
};

std::optional<std::string> follow(const Evidence& evidence, uint64_t index,
                                  const HistoryEntry& entry, Place& place) {
  const bool begins = entry.event == Event::kCollected || entry.event == Event::kProcessed;
  if (begins != (index == 0)) return "a history does not begin with what was collected";
  switch (entry.event) {
    case Event::kCollected:
    case Event::kProcessed:
      place.custodian = entry.department;
      if (entry.digest != evidence.digest) return "the hash is not the one that was collected";
      break;
    case Event::kChecked:
      if (entry.digest != evidence.digest) return "a check says the same of another hash";
      break;
    case Event::kAltered:
      if (entry.digest == evidence.digest) return "an alteration that is none";
      ++place.altered;
      break;
    case Event::kHandedOver:
      if (entry.department != place.custodian) return "handed over by somebody else";
      place.receiver = entry.to;
      place.state = EvidenceState::kHandedOver;
      break;
    case Event::kAccepted:
    case Event::kReturned:
      if (entry.department != place.receiver) return "received by somebody else";
      if (entry.event == Event::kAccepted) place.custodian = place.receiver;
      place.receiver = DepartmentId();
      place.state = EvidenceState::kHeld;
      break;
    case Event::kClosed:
      if (entry.department != place.custodian) return "closed by somebody else";
      place.state = EvidenceState::kClosed;
      break;
  }
  return std::nullopt;
}

std::optional<std::string> check_history(const Evidence& evidence,
                                         const std::map<uint64_t, HistoryEntry>& entries) {
  if (entries.size() != evidence.events || entries.empty() ||
      entries.rbegin()->first + 1 != entries.size()) {
    return "a history has gaps";
  }
  Place place;
  int64_t time = evidence.collected_at;
  for (const auto& [index, entry] : entries) {
    if (entry.time < time) return "a history runs backwards";
    time = entry.time;
    if (auto breach = follow(evidence, index, entry, place)) return breach;
  }
  if (place.custodian != evidence.custodian || place.receiver != evidence.receiver ||
      place.state != evidence.state || place.altered != evidence.altered) {
    return "a record says something else than its history";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> broken_invariant(const StateTree& tree) {
  std::map<EvidenceName, Evidence> all;
  Histories histories;
  tree.visit([&](std::span<const uint8_t> key, std::span<const uint8_t> value) {
    consensus::Reader in(key);
    if (in.u32() != kContractId) return;
    const uint8_t table = in.u8();
    const EvidenceName name{DepartmentId(in.u64()), in.u64()};
    if (table == 0) all[name] = decode_fields<Evidence>(value).value();
    if (table == 1) histories[name][in.u64()] = decode_fields<HistoryEntry>(value).value();
  });
  for (const auto& [name, entries] : histories) {
    if (all.count(name) == 0) return "a history of nothing";
  }
  for (const auto& [name, evidence] : all) {
    if (auto breach = check_history(evidence, histories[name])) return breach;
    if (evidence.source.collector.value() != 0 && all.count(evidence.source) == 0) {
      return "made of evidence that there is not";
    }
  }
  return std::nullopt;
}

}  // namespace govchain::models::evidence
