// The tables of costs in consensus/README.md are what is measured: their formulas are read, and
// compared with runs at n = 4, 7, 16, 64.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/protocols.h"
#include "tests/consensus/data_driven.h"
#include "tests/consensus/leader_failure.h"

namespace govchain::consensus::testing {
namespace {

const std::filesystem::path kReadme = GOVCHAIN_SOURCE_DIR "/consensus/README.md";
const std::string kDecisionHead = "| engine | faults | n |";
const std::string kChangeHead = "| engine | delays, first / last replica |";
constexpr Duration kDelay = Duration::milliseconds(3);
constexpr Duration kSync = Duration::milliseconds(5);
// For a decision, and short beside the pause between heartbeats.
constexpr Duration kEnough = Duration::milliseconds(100);

// --- formulas

// "3(n−1)²+2n−3": sums of products of numbers, n, q and sums in brackets, each perhaps squared.
class Formula {
 public:
  Formula(std::string_view text, int64_t n, int64_t q) : text_(text), n_(n), q_(q) {
    skip_spaces();
  }
  // Of what stands at the beginning; nullopt if that is no formula.
  std::optional<int64_t> value() {
    std::optional<int64_t> sum = product();
    while (sum && (take("+") || peek("−"))) {
      const int64_t sign = take("−") ? -1 : 1;
      const std::optional<int64_t> next = product();
      if (!next) return std::nullopt;
      *sum += sign * *next;
    }
    return sum;
  }
  // Behind the formula.
  [[nodiscard]] std::string_view rest() const { return text_; }

 private:
  std::optional<int64_t> product() {
    std::optional<int64_t> whole = factor();
    while (whole) {
      const std::optional<int64_t> next = factor();
      if (!next) break;
      *whole *= *next;
    }
    return whole;
  }
  std::optional<int64_t> factor() {
    std::optional<int64_t> base;
    if (take("n")) {
      base = n_;
    } else if (take("q")) {
      base = q_;
    } else if (take("(")) {
      base = value();
      if (!take(")")) return std::nullopt;
    } else {
      base = number();
    }
    if (base && take("²")) *base *= *base;
    return base;
  }
  std::optional<int64_t> number() {
    size_t length = 0;
    while (length < text_.size() && std::isdigit(static_cast<unsigned char>(text_[length])) != 0) {
      ++length;
    }
    if (length == 0) return std::nullopt;
    const std::optional<uint64_t> parsed = parse_number(text_.substr(0, length));
    text_.remove_prefix(length);
    return parsed ? std::optional(static_cast<int64_t>(*parsed)) : std::nullopt;
  }
  [[nodiscard]] bool peek(std::string_view what) const {
    return text_.substr(0, what.size()) == what;
  }
  bool take(std::string_view what) {
    if (!peek(what)) return false;
    text_.remove_prefix(what.size());
    return true;
  }
  void skip_spaces() { text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size())); }

  std::string_view text_;
  int64_t n_;
  int64_t q_;
};

TEST(CostFormula, IsReadAsItIsWritten) {
  const auto value = [](std::string_view text) { return Formula(text, 7, 5).value(); };
  EXPECT_EQ(value("3(n−1)²+2n−3, and more"), 3 * 36 + 14 - 3);
  EXPECT_EQ(value("(n−2)(n+3q+4)"), 5 * (7 + 15 + 4));
  EXPECT_EQ(value(" 2n(n−1)"), 84);
  EXPECT_EQ(value("0 / 0"), 0);
  EXPECT_FALSE(value("yes"));
  EXPECT_FALSE(value("(n"));
}

// --- the tables

using Cells = std::vector<std::string>;

// Rows by engine of the table that begins so.
std::map<std::string, Cells> read_rows(const std::string& readme, const std::string& head) {
  std::map<std::string, Cells> rows;
  std::istringstream lines(readme);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(head)) inside = true;
    if (!inside) continue;
    if (line.empty() || line.front() != '|') break;
    Cells cells;
    std::istringstream row(line.substr(1));
    for (std::string cell; std::getline(row, cell, '|');) cells.push_back(cell);
    const size_t begin = cells.front().find('`');
    const size_t end = cells.front().find('`', begin + 1);
    if (begin == std::string::npos || end == std::string::npos) continue;
    rows.emplace(cells.front().substr(begin + 1, end - begin - 1), cells);
  }
  return rows;
}

struct Cost {
  int64_t first = 0;  // in delays
  int64_t last = 0;
  int64_t messages = 0;
  int64_t signatures = 0;
  int64_t verifications = 0;
  int64_t syncs = 0;
  friend bool operator==(const Cost&, const Cost&) = default;
};
std::ostream& operator<<(std::ostream& out, const Cost& cost) {
  return out << cost.first << " / " << cost.last << " delays, " << cost.messages << " messages, "
             << cost.signatures << " / " << cost.verifications << " signatures, " << cost.syncs
             << " syncs";
}

// "4 / 5": two formulas.
std::pair<int64_t, int64_t> pair_of(const std::string& cell, int64_t n, int64_t q) {
  Formula first(cell, n, q);
  const std::optional<int64_t> left = first.value();
  EXPECT_TRUE(left && first.rest().starts_with(" /")) << cell;
  if (!left || !first.rest().starts_with(" /")) return {};
  const std::optional<int64_t> right = Formula(first.rest().substr(2), n, q).value();
  EXPECT_TRUE(right.has_value()) << cell;
  return {*left, right.value_or(0)};
}

// Of four cells from `begin` on: delays, messages, signatures, syncs.
Cost stated_cost(const Cells& cells, size_t begin, int64_t n) {
  const int64_t q = n - (n - 1) / 3;
  Cost cost;
  if (cells.size() < begin + 4) {
    ADD_FAILURE() << "a row is too short";
    return cost;
  }
  std::tie(cost.first, cost.last) = pair_of(cells[begin], n, q);
  cost.messages = Formula(cells[begin + 1], n, q).value().value_or(-1);
  std::tie(cost.signatures, cost.verifications) = pair_of(cells[begin + 2], n, q);
  cost.syncs = Formula(cells[begin + 3], n, q).value().value_or(-1);
  return cost;
}

void count(const Meter& meter, Cost& cost) {
  cost.messages = static_cast<int64_t>(meter.total());
  cost.signatures = static_cast<int64_t>(meter.signatures);
  cost.verifications = static_cast<int64_t>(meter.verifications);
}

// --- what is measured

struct Decision {
  Meter meter;
  Duration first;
  Duration last;
};

Decision decide(const ProtocolTraits& protocol, const MeteredOptions& options) {
  MeteredWorld world(protocol, options);
  world.run_for(options.timeout * 4);
  world.reset_meter();
  const TimePoint start = world.now();
  world.propose(leader_of(world), 1);
  world.run_for(kEnough);
  Decision decision{world.meter(), Duration::max(), Duration::zero()};
  decision.meter.messages.erase("request");
  for (uint32_t i = 0; i < world.size(); ++i) {
    const std::optional<TimePoint> at = world.committed_at(i, 1);
    EXPECT_TRUE(at.has_value()) << protocol.name << ", replica " << i;
    decision.first = std::min(decision.first, at.value_or(start) - start);
    decision.last = std::max(decision.last, at.value_or(start) - start);
  }
  return decision;
}

class CostTables : public ::testing::TestWithParam<uint32_t> {
 protected:
  void SetUp() override {
    const Result<std::string> text = read_text(kReadme);
    ASSERT_TRUE(text.ok());
    readme_ = *text;
  }
  [[nodiscard]] static MeteredOptions network() {
    MeteredOptions options;
    options.replicas = GetParam();
    options.delay = kDelay;
    return options;
  }
  [[nodiscard]] static MeteredOptions disks() {
    MeteredOptions options = network();
    options.delay = Duration::zero();
    options.sync = kSync;
    return options;
  }
  std::string readme_;
};
INSTANTIATE_TEST_SUITE_P(Sizes, CostTables, ::testing::Values(4, 7, 16, 64));

TEST_P(CostTables, SayWhatADecisionCosts) {
  const std::map<std::string, Cells> rows = read_rows(readme_, kDecisionHead);
  ASSERT_EQ(rows.size(), protocols().size());
  for (const ProtocolTraits* const protocol : protocols()) {
    const std::string name(protocol->name);
    const Decision decision = decide(*protocol, network());
    Cost measured;
    count(decision.meter, measured);
    EXPECT_EQ(decision.last % kDelay, Duration::zero());
    measured.first = decision.first / kDelay;
    measured.last = decision.last / kDelay;
    measured.syncs = decide(*protocol, disks()).last / kSync;
    EXPECT_EQ(measured, stated_cost(rows.at(name), 3, GetParam())) << name;
  }
}

TEST_P(CostTables, SayWhatAFailedLeaderCosts) {
  const std::map<std::string, Cells> rows = read_rows(readme_, kChangeHead);
  ASSERT_EQ(rows.size(), protocols().size());
  for (const ProtocolTraits* const protocol : protocols()) {
    const std::string name(protocol->name);
    LeaderFailure failure;
    // As on a chain that has run for a while; but PBFT's cost grows with what is above the
    // checkpoint, and is stated without.
    failure.decided = protocol->protocol == Protocol::kPbft ? 0 : 1;
    failure.world = network();
    const LeaderChange change = change_leader(*protocol, failure);
    failure.world = disks();
    const LeaderChange synced = change_leader(*protocol, failure);
    const bool waits = rows.at(name)[1].find("half a timeout") != std::string::npos;
    const Duration wait = waits ? failure.world.timeout / 2 : Duration::zero();
    Cost measured;
    count(change.meter, measured);
    measured.first = (change.first - wait) / kDelay;
    measured.last = (change.last - wait) / kDelay;
    measured.syncs = (synced.last - wait) / kSync;
    EXPECT_EQ(measured, stated_cost(rows.at(name), 1, GetParam())) << name;
    // Without a wait for a timer it is responsive, and the last column says so.
    EXPECT_EQ(rows.at(name).at(5).starts_with(" no"), waits) << name;
  }
}

}  // namespace
}  // namespace govchain::consensus::testing
