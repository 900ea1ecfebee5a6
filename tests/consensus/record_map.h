#pragma once
// Records of a state as a map: what a database of them has to be like.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/state_version.h"

namespace govchain::consensus::testing {

class RecordMap final : public StateWriter, public StateRecords {
 public:
  using Bytes = std::vector<uint8_t>;

  void put(std::span<const uint8_t> key, std::span<const uint8_t> value) override {
    note(key);
    records_[Bytes(key.begin(), key.end())] = Bytes(value.begin(), value.end());
  }
  void erase(std::span<const uint8_t> key) override {
    note(key);
    EXPECT_EQ(records_.erase(Bytes(key.begin(), key.end())), 1U) << "there was nothing to erase";
  }
  void erase_range(std::span<const uint8_t> first, std::span<const uint8_t> last) override {
    EXPECT_FALSE(last_) << "what was put in this version must stay";
    records_.erase(records_.lower_bound(Bytes(first.begin(), first.end())),
                   records_.lower_bound(Bytes(last.begin(), last.end())));
  }
  [[nodiscard]] Status visit(const Visitor& visitor) const override {
    for (const auto& [key, value] : records_) visitor(key, value);
    return success();
  }

  // All changes, a few bytes at a time. How many keys they had.
  uint64_t take(StateChanges& changes, size_t bytes = 300) {
    last_.reset();
    keys_ = 0;
    while (changes.write(bytes, *this)) {
    }
    last_.reset();
    return keys_;
  }
  [[nodiscard]] const std::map<Bytes, Bytes>& records() const { return records_; }
  [[nodiscard]] std::map<Bytes, Bytes>& records() { return records_; }
  friend bool operator==(const RecordMap& a, const RecordMap& b) {
    return a.records_ == b.records_;
  }

 private:
  void note(std::span<const uint8_t> key) {
    Bytes now(key.begin(), key.end());
    EXPECT_TRUE(!last_ || *last_ < now) << "keys ascend";
    last_ = std::move(now);
    ++keys_;
  }

  std::map<Bytes, Bytes> records_;
  std::optional<Bytes> last_;
  uint64_t keys_ = 0;
};

}  // namespace govchain::consensus::testing
