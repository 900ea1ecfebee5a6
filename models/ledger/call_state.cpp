#include "models/ledger/call_state.h"

namespace govchain::models {

WorkUnits& WorkUnits::operator+=(const WorkUnits& other) {
  reads += other.reads;
  writes += other.writes;
  hashes += other.hashes;
  bytes += other.bytes;
  signature_checks += other.signature_checks;
  return *this;
}

std::optional<std::span<const uint8_t>> StateReader::find(const StateKey& key) const {
  return tree_.find(key.bytes());
}

std::optional<std::span<const uint8_t>> CallState::find(const StateKey& key) const {
  ++work_.reads;
  for (size_t i = used_; i-- > 0;) {
    const Write& write = writes_[i];
    if (write.key != key) continue;
    if (write.erased) return std::nullopt;
    return write.value;
  }
  ++work_.hashes;
  const std::optional<std::span<const uint8_t>> value = tree_.find_at(path_of(key));
  if (value) work_.bytes += value->size();
  return value;
}

CallState::Write& CallState::append(const StateKey& key) {
  ++work_.writes;
  if (used_ == writes_.size()) writes_.emplace_back();
  Write& write = writes_[used_++];
  write.key = key;
  write.value.clear();
  write.erased = false;
  return write;
}

void CallState::undo_to(size_t mark) {
  GOVCHAIN_ASSERT(mark <= used_);
  used_ = mark;
}

void CallState::apply_to(StateTree& tree) {
  for (size_t i = 0; i < used_; ++i) {
    const Write& write = writes_[i];
    if (write.erased) {
      (void)tree.erase_at(path_of(write.key));
    } else {
      tree.put_at(path_of(write.key), write.key.bytes(), write.value);
    }
  }
  used_ = 0;
}

const consensus::Digest& CallState::path_of(const StateKey& key) const {
  for (const RecordPath& known : paths_) {
    if (known.key == key) return known.path;
  }
  ++unforeseen_;
  paths_.push_back({key, tree_.path_of(key.bytes())});
  return paths_.back().path;
}

void CallState::reset(std::span<const RecordPath> known) {
  paths_.assign(known.begin(), known.end());
  used_ = 0;
  work_ = {};
}

}  // namespace govchain::models
