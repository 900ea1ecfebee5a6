// The membership rules against the cases that etcd-io/raft is tested with (Apache-2.0).

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/raft/confchange/changer.h"
#include "tests/consensus/data_driven.h"

namespace govchain::consensus::raft::confchange {
namespace {

using consensus::testing::Case;

constexpr size_t kCases = 58;

std::string print_set(const std::vector<NodeId>& set) {
  std::string text = "(";
  for (size_t i = 0; i < set.size(); ++i) text += (i > 0 ? " " : "") + std::to_string(set[i]);
  return text + ")";
}

std::string print(const Outcome& outcome) {
  const Configuration& configuration = outcome.configuration;
  std::string text = "voters=" + print_set(configuration.incoming);
  if (configuration.joint()) text += "&&" + print_set(configuration.outgoing);
  if (!configuration.learners.empty()) text += " learners=" + print_set(configuration.learners);
  if (!configuration.learners_next.empty()) {
    text += " learners_next=" + print_set(configuration.learners_next);
  }
  if (configuration.auto_leave) text += " autoleave";
  text += "\n";
  for (const auto& [node, progress] : outcome.progress) {
    text += std::to_string(node) + ": StateProbe match=" + std::to_string(progress.match) +
            " next=" + std::to_string(progress.next) + (progress.learner ? " learner" : "") + "\n";
  }
  return text;
}

std::vector<Step> parse_steps(const Case& each) {
  std::vector<Step> steps;
  for (const std::string& line : each.input) {
    size_t at = 0;
    while (at < line.size()) {
      const size_t end = std::min(line.find(' ', at), line.size());
      const std::string word = line.substr(at, end - at);
      at = end + 1;
      if (word.empty()) continue;
      const StepKind kind = word[0] == 'v'   ? StepKind::kAddVoter
                            : word[0] == 'l' ? StepKind::kAddLearner
                            : word[0] == 'r' ? StepKind::kRemove
                                             : StepKind::kUpdate;
      steps.push_back(Step{kind, std::stoull(word.substr(1))});
    }
  }
  return steps;
}

Result<Outcome> carry_out(const Case& each, const Changer& changer) {
  const std::vector<Step> steps = parse_steps(each);
  if (each.command == "simple") return changer.simple(steps);
  if (each.command == "enter-joint") {
    return changer.enter_joint(each.value("autoleave") == "true", steps);
  }
  if (each.command == "leave-joint") return changer.leave_joint();
  return Error{ErrorCode::kInvalid, "unknown command " + each.command, each.where()};
}

TEST(ConfchangeVectors, PassInFull) {
  const auto folder = consensus::testing::find_vectors("etcd-raft/confchange");
  if (!folder) GTEST_SKIP() << "no vectors: set GOVCHAIN_VECTORS";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  size_t cases = 0;
  for (const std::filesystem::path& file : files) {
    const Result<std::vector<Case>> read = consensus::testing::read_cases(file);
    ASSERT_TRUE(read.ok()) << read.error().message << " " << read.error().where;
    Outcome current;
    uint64_t last_index = 0;
    for (const Case& each : read.value()) {
      ++cases;
      const Changer changer(current.configuration, current.progress, last_index++);
      Result<Outcome> outcome = carry_out(each, changer);
      if (outcome.ok()) current = outcome.value();
      EXPECT_EQ(outcome.ok() ? print(current) : outcome.error().message + "\n", each.expected)
          << each.where();
    }
  }
  EXPECT_EQ(cases, kCases);
}

TEST(ConfchangeConfiguration, EncodingIsAnIdentityAndRefusesDisorder) {
  Configuration configuration;
  configuration.incoming = {1, 3};
  configuration.outgoing = {1, 2};
  configuration.learners = {7};
  configuration.learners_next = {2};
  configuration.auto_leave = true;
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  encode_configuration(configuration, out);
  Reader in(bytes);
  EXPECT_EQ(decode_configuration(in), configuration);
  EXPECT_TRUE(in.finished());
  for (size_t length = 0; length < bytes.size(); ++length) {
    Reader cut(std::span<const uint8_t>(bytes).first(length));
    (void)decode_configuration(cut);
    EXPECT_FALSE(cut.finished()) << length;
  }
  std::swap(bytes[4], bytes[12]);  // 3, 1
  Reader disordered(bytes);
  (void)decode_configuration(disordered);
  EXPECT_FALSE(disordered.ok());
}

}  // namespace
}  // namespace govchain::consensus::raft::confchange
