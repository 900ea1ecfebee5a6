// What each engine has on disk before it says something: the table "What is durable first" of
// consensus/README.md, compared with the tickets of what leaves in runs with decisions, checkpoints
// and failed leaders. That hosts and engines keep to the tickets is for the checkers of sim/.

#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/chain/records.h"
#include "consensus/hotstuff/records.h"
#include "consensus/pbft/records.h"
#include "consensus/protocols.h"
#include "consensus/qbft/records.h"
#include "consensus/raft/records.h"
#include "consensus/tendermint/records.h"
#include "tests/consensus/data_driven.h"
#include "tests/consensus/leader_failure.h"

namespace govchain::consensus::testing {
namespace {

const std::filesystem::path kReadme = GOVCHAIN_SOURCE_DIR "/consensus/README.md";
const std::string kHead = "| engine | what is said | record |";

using Names = std::set<std::string>;
using Table = std::map<std::string, std::map<std::string, Names>>;  // engine, message, records

template <typename RecordType>
using NamesOf = std::map<RecordType, std::string>;

template <typename RecordType>
std::string find_name(const NamesOf<RecordType>& names, uint8_t type) {
  const auto found = names.find(static_cast<RecordType>(type));
  return found == names.end() ? "record " + std::to_string(type) : found->second;
}

// As the comments of records.h call them.
std::string record_name(Protocol protocol, uint8_t type) {
  if (type >= chain::kFirstCommonRecord) {
    using chain::CommonRecord;
    return find_name<CommonRecord>({{CommonRecord::kCommitted, "committed"},
                                    {CommonRecord::kWindow, "window"},
                                    {CommonRecord::kEpoch, "epoch"},
                                    {CommonRecord::kBatch, "batch"}},
                                   type);
  }
  switch (protocol) {
    case Protocol::kPbft:
      return find_name<pbft::RecordType>({{pbft::RecordType::kView, "view"},
                                          {pbft::RecordType::kProposal, "proposal"},
                                          {pbft::RecordType::kBody, "body"},
                                          {pbft::RecordType::kPrepared, "prepared"},
                                          {pbft::RecordType::kCheckpoint, "checkpoint"}},
                                         type);
    case Protocol::kQbft:
      return find_name<qbft::RecordType>({{qbft::RecordType::kProposal, "proposal"},
                                          {qbft::RecordType::kPrepared, "prepared"},
                                          {qbft::RecordType::kRoundChange, "round-change"}},
                                         type);
    case Protocol::kTendermint:
      return find_name<tendermint::RecordType>({{tendermint::RecordType::kProposal, "proposal"},
                                                {tendermint::RecordType::kVote, "vote"},
                                                {tendermint::RecordType::kLock, "lock"},
                                                {tendermint::RecordType::kPolka, "polka"}},
                                               type);
    case Protocol::kHotstuff:
      return find_name<hotstuff::RecordType>(
          {{hotstuff::RecordType::kNode, "node"}, {hotstuff::RecordType::kPromise, "promise"}},
          type);
    case Protocol::kRaft:
      return find_name<raft::RecordType>({{raft::RecordType::kHardState, "hard-state"},
                                          {raft::RecordType::kEntry, "entry"},
                                          {raft::RecordType::kBase, "base"}},
                                         type);
    default:
      return "unknown";
  }
}

void add(const ProtocolTraits& protocol, const Waits& waits, Table& table) {
  auto& messages = table[std::string(protocol.name)];
  for (const auto& [message, records] : waits) {
    Names& names = messages[message];
    for (const uint8_t type : records) names.insert(record_name(protocol.protocol, type));
  }
}

Table measure() {
  Table table;
  for (const ProtocolTraits* const protocol : protocols()) {
    MeteredOptions options;
    options.checkpoint_interval = 2;
    MeteredWorld world(*protocol, options);
    world.run_for(options.timeout * 4);
    for (uint64_t number = 0; number < 4; ++number) {
      world.propose(leader_of(world), number);
      world.run_for(Duration::seconds(1));
    }
    add(*protocol, world.waits(), table);
    LeaderFailure failure;
    failure.decided = 1;
    add(*protocol, change_leader(*protocol, failure).waits, table);
    // Where the votes of those who are left are a quorum, nobody is replaced.
    if (protocol->protocol == Protocol::kTendermint || protocol->protocol == Protocol::kHotstuff) {
      continue;
    }
    failure.under_way = UnderWay::kBlock;
    add(*protocol, change_leader(*protocol, failure).waits, table);
  }
  return table;
}

std::vector<std::string> in_backquotes(const std::string& cell) {
  std::vector<std::string> names;
  std::istringstream column(cell);
  std::string text;
  for (bool inside = false; std::getline(column, text, '`'); inside = !inside) {
    if (inside) names.push_back(text);
  }
  return names;
}

Table read_table(const std::string& readme) {
  Table table;
  std::istringstream lines(readme);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == kHead) inside = true;
    if (!inside) continue;
    if (line.empty() || line.front() != '|') break;
    std::istringstream row(line);
    std::array<std::string, 4> cells;  // the first one is before the first bar
    for (std::string& cell : cells) std::getline(row, cell, '|');
    for (const std::string& engine : in_backquotes(cells[1])) {
      for (const std::string& message : in_backquotes(cells[2])) {
        Names& names = table[engine][message];
        for (const std::string& record : in_backquotes(cells[3])) names.insert(record);
      }
    }
  }
  return table;
}

std::string to_text(const Table& table) {
  std::ostringstream out;
  for (const auto& [engine, messages] : table) {
    for (const auto& [message, records] : messages) {
      out << engine << ' ' << message << ':';
      for (const std::string& record : records) out << ' ' << record;
      out << '\n';
    }
  }
  return out.str();
}

TEST(DurableFirst, IsWhatTheTableSays) {
  const Result<std::string> readme = read_text(kReadme);
  ASSERT_TRUE(readme.ok());
  const Table stated = read_table(*readme);
  ASSERT_EQ(stated.size(), protocols().size());
  EXPECT_EQ(to_text(measure()), to_text(stated));
}

}  // namespace
}  // namespace govchain::consensus::testing
