#include "sim/fuzz/item.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace govchain::sim {

std::string_view name_of(FaultSpec::Kind kind) {
  switch (kind) {
    case FaultSpec::Kind::kCrash:
      return "crash";
    case FaultSpec::Kind::kCrashAtPersist:
      return "crash-at-persist";
    case FaultSpec::Kind::kPause:
      return "pause";
    case FaultSpec::Kind::kClockDrift:
      return "clock-drift";
    case FaultSpec::Kind::kPartition:
      return "partition";
    case FaultSpec::Kind::kLoss:
      return "loss";
    case FaultSpec::Kind::kDuplicate:
      return "duplicate";
    case FaultSpec::Kind::kReorder:
      return "reorder";
    case FaultSpec::Kind::kTrunkCut:
      return "trunk-cut";
    case FaultSpec::Kind::kPlaceLoss:
      return "place-loss";
    case FaultSpec::Kind::kTornTail:
      return "torn-tail";
    case FaultSpec::Kind::kDiskFull:
      return "disk-full";
    case FaultSpec::Kind::kSlowDisk:
      return "slow-disk";
    case FaultSpec::Kind::kNewSoftware:
      return "new-software";
    case FaultSpec::Kind::kOneWayCut:
      return "one-way-cut";
    case FaultSpec::Kind::kClog:
      return "clog";
    case FaultSpec::Kind::kBitRot:
      return "bit-rot";
  }
  return "unknown";
}

std::string_view name_of(AdversarySpec::Kind kind) {
  switch (kind) {
    case AdversarySpec::Kind::kSilentLeader:
      return "silent-leader";
    case AdversarySpec::Kind::kEquivocatingLeader:
      return "equivocating-leader";
    case AdversarySpec::Kind::kDoubleVoter:
      return "double-voter";
    case AdversarySpec::Kind::kForger:
      return "forger";
    case AdversarySpec::Kind::kMalformedSender:
      return "malformed-sender";
    case AdversarySpec::Kind::kHidingPrimary:
      return "hiding-primary";
    case AdversarySpec::Kind::kWithholdingOrigin:
      return "withholding-origin";
    case AdversarySpec::Kind::kSelectiveLeader:
      return "selective-leader";
    case AdversarySpec::Kind::kCensor:
      return "censor";
    case AdversarySpec::Kind::kFlooder:
      return "flooder";
    case AdversarySpec::Kind::kAmnesiac:
      return "amnesiac";
    case AdversarySpec::Kind::kTwin:
      return "twin";
  }
  return "unknown";
}

std::string_view name_of(RequestSpec::Kind kind) {
  switch (kind) {
    case RequestSpec::Kind::kRead:
      return "read";
    case RequestSpec::Kind::kMembership:
      return "membership";
    case RequestSpec::Kind::kLeaderTransfer:
      return "leader-transfer";
    case RequestSpec::Kind::kForgetLeader:
      return "forget-leader";
    case RequestSpec::Kind::kUpgrade:
      return "upgrade";
  }
  return "unknown";
}

std::vector<std::string_view> item_names() {
  std::vector<std::string_view> names;
  for (auto kind = static_cast<uint8_t>(FaultSpec::Kind::kCrash);
       kind <= static_cast<uint8_t>(FaultSpec::Kind::kBitRot); ++kind) {
    names.push_back(name_of(static_cast<FaultSpec::Kind>(kind)));
  }
  for (auto kind = static_cast<uint8_t>(AdversarySpec::Kind::kSilentLeader);
       kind <= static_cast<uint8_t>(AdversarySpec::Kind::kTwin); ++kind) {
    names.push_back(name_of(static_cast<AdversarySpec::Kind>(kind)));
  }
  for (auto kind = static_cast<uint8_t>(RequestSpec::Kind::kRead);
       kind <= static_cast<uint8_t>(RequestSpec::Kind::kUpgrade); ++kind) {
    names.push_back(name_of(static_cast<RequestSpec::Kind>(kind)));
  }
  return names;
}

size_t item_count(const WorldSpec& world) {
  return world.faults.size() + world.adversaries.size() + world.requests.size();
}

std::string_view item_name(const WorldSpec& world, size_t ordinal) {
  if (ordinal < world.faults.size()) return name_of(world.faults[ordinal].kind);
  ordinal -= world.faults.size();
  if (ordinal < world.adversaries.size()) return name_of(world.adversaries[ordinal].kind);
  ordinal -= world.adversaries.size();
  GOVCHAIN_ASSERT(ordinal < world.requests.size());
  return name_of(world.requests[ordinal].kind);
}

namespace {

// Levenshtein's distance, for "did you mean".
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

consensus::Error unknown_word(std::string_view word) {
  const std::vector<std::string_view> names = item_names();
  const std::string_view nearest =
      *std::min_element(names.begin(), names.end(), [&](std::string_view a, std::string_view b) {
        return distance(word, a) < distance(word, b);
      });
  std::string known;
  for (const std::string_view name : names)
    known += (known.empty() ? "" : ", ") + std::string(name);
  return {consensus::ErrorCode::kInvalid,
          "unknown fault \"" + std::string(word) + "\", did you mean \"" + std::string(nearest) +
              "\"? Expected all, none, numbers, or: " + known,
          "--faults"};
}

}  // namespace

consensus::Result<ItemFilter> ItemFilter::parse(std::string_view text) {
  ItemFilter filter;
  if (text == "all") return filter;
  filter.everything_ = false;
  if (text == "none") return filter;
  const std::vector<std::string_view> names = item_names();
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    uint32_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (!word.empty() && error == std::errc() && end == word.data() + word.size()) {
      filter.ordinals_.push_back(number);
    } else if (std::find(names.begin(), names.end(), word) != names.end()) {
      filter.names_.emplace_back(word);
    } else {
      return unknown_word(word);
    }
    if (comma == std::string_view::npos) return filter;
    text.remove_prefix(comma + 1);
  }
}

ItemFilter ItemFilter::only(const std::vector<uint32_t>& ordinals) {
  ItemFilter filter;
  filter.everything_ = false;
  filter.ordinals_ = ordinals;
  return filter;
}

bool ItemFilter::allows(std::string_view name, size_t ordinal) const {
  return everything_ || std::find(names_.begin(), names_.end(), name) != names_.end() ||
         std::find(ordinals_.begin(), ordinals_.end(), ordinal) != ordinals_.end();
}

namespace {

template <typename Item>
void keep_some(const ItemFilter& filter, size_t& ordinal, std::vector<Item>& items) {
  std::vector<Item> kept;
  for (Item& item : items) {
    if (filter.allows(name_of(item.kind), ordinal++)) kept.push_back(std::move(item));
  }
  items = std::move(kept);
}

}  // namespace

void keep_items(const ItemFilter& filter, WorldSpec& world) {
  if (filter.everything()) return;
  size_t ordinal = 0;
  keep_some(filter, ordinal, world.faults);
  keep_some(filter, ordinal, world.adversaries);
  keep_some(filter, ordinal, world.requests);
}

}  // namespace govchain::sim
