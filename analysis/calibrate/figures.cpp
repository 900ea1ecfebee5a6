#include "analysis/calibrate/figures.h"

#include "consensus/assert.h"

namespace govchain::analysis {

using consensus::Duration;

namespace {

constexpr double kMicrosecondsPerSecond = 1e6;

}  // namespace

std::string RowName::text() const {
  std::string text = what;
  for (size_t i = 0; i < of.size(); ++i) text += (i == 0 ? " (" : ", ") + of[i].second;
  return of.empty() ? text : text + ")";
}

const std::string* RowName::label(const std::string& key) const {
  for (const auto& [name, value] : of) {
    if (name == key) return &value;
  }
  return nullptr;
}

const char* name_of(RowKind kind) {
  switch (kind) {
    case RowKind::kProcessor:
      return "processor";
    case RowKind::kWall:
      return "wall";
    case RowKind::kWait:
      return "wait";
  }
  return "";
}

Row& Figures::row(RowKind kind, const RowName& name, const std::string& per) {
  const auto [place, is_new] = places_.emplace(name, rows_.size());
  if (is_new) {
    rows_.emplace_back(name, Row{});
    rows_.back().second.kind = kind;
    rows_.back().second.per = per;
  }
  Row& found = rows_[place->second].second;
  GOVCHAIN_ASSERT(found.kind == kind && found.per == per);
  return found;
}

void Figures::add(RowKind kind, const RowName& name, const std::string& per, Duration total,
                  uint64_t operations) {
  if (total <= Duration::zero() || operations == 0) return;
  Row& found = row(kind, name, per);
  found.samples.push_back(total.to_seconds() * kMicrosecondsPerSecond /
                          static_cast<double>(operations));
  found.operations += operations;
}

void Figures::add_wait(const RowName& name, const std::string& per, Duration wait) {
  add(RowKind::kWait, name, per, wait, 1);
}

void Figures::add_per_block(const RowName& name, double count) {
  const auto place = places_.find(name);
  if (place != places_.end()) rows_[place->second].second.per_block.push_back(count);
}

const Row* Figures::find(const RowName& name) const {
  const auto place = places_.find(name);
  return place == places_.end() ? nullptr : &rows_[place->second].second;
}

void Figures::clear() {
  rows_.clear();
  places_.clear();
}

}  // namespace govchain::analysis
