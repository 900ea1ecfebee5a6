// What is wrong with a script is said in one line: file, line, and what was expected. Nothing that
// can be written into one breaks the interpreter.

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/data_driven.h"
#include "tests/consensus/random_source.h"
#include "tests/consensus/script/run_script.h"

namespace govchain::consensus::testing {
namespace {

const std::string kRaft = "cluster protocol=raft replicas=3\n----\nok\n\n";
const std::string kPbft = "cluster protocol=pbft\n----\nok\n\n";

std::string error_of(const std::string& text) { return run_script(text, "s.txt").error; }
// Of the command in line 5, after a cluster.
std::string error_in_raft(const std::string& command) {
  return error_of(kRaft + command + "\n----\nok\n");
}

TEST(ScriptErrors, OfWhatCannotBeRead) {
  EXPECT_EQ(error_of(""), "s.txt:1: a script needs a command, and the first one is 'cluster'");
  EXPECT_EQ(error_of("# nothing\n\n"), error_of(""));
  EXPECT_EQ(error_of("\n\ncluster\n"), "s.txt:3: the command has no line ---- after it");
  EXPECT_EQ(error_of("----\n"), "s.txt:1: a command was expected, not ----");
  EXPECT_EQ(error_of("run to=(1\n----\n"), "s.txt:1: the list of 'to' has no closing ')'");
  EXPECT_EQ(error_of("run to=1)x\n----\n"), "s.txt:1: 'to=1)x' has a ')' without its '('");
  EXPECT_EQ(error_of("run to=1 to=2\n----\n"), "s.txt:1: 'to' is given twice");
  EXPECT_EQ(error_of("run =1\n----\n"), "s.txt:1: '=1' has no name before its '='");
  EXPECT_EQ(error_of(kRaft + "heal\nreplica=1\n----\nok\n"),
            "s.txt:5: a command is one line, and ---- is the next");
  // As another system writes lines.
  EXPECT_EQ(error_of("cluster protocol=raft\r\n----\r\nok\r\n"), "");
}

TEST(ScriptErrors, OfCommandsAndArguments) {
  EXPECT_EQ(error_of("run\n----\n"), "s.txt:1: the first command must be 'cluster', not 'run'");
  EXPECT_EQ(error_in_raft("stabilize 1 2")
                .rfind("s.txt:5: no command 'stabilize'; there are: cluster propose deliver", 0),
            0U);
  EXPECT_EQ(error_in_raft("heal replica=1"),
            "s.txt:5: 'heal' has no argument 'replica'; it has: quiet silent");
  EXPECT_EQ(error_in_raft("propose payload=a"), "s.txt:5: 'propose' needs replica= with one label");
  EXPECT_EQ(error_in_raft("propose replica=3 payload=a"),
            "s.txt:5: there is no replica '3'; there are: 0 1 2");
  EXPECT_EQ(error_in_raft("propose replica=0"), "s.txt:5: 'propose' needs payload=");
  EXPECT_EQ(error_in_raft("propose replica=0 payload="), "s.txt:5: a payload needs a name");
  EXPECT_EQ(error_in_raft("deliver to=x"), "s.txt:5: there is no replica 'x'; there are: 0 1 2");
  EXPECT_EQ(error_in_raft("deliver type=apend")
                .rfind("s.txt:5: there is no message type 'apend'; there are: pre-vote-request", 0),
            0U);
  EXPECT_EQ(error_in_raft("deliver view=x"), "s.txt:5: view must be a whole number, not 'x'");
  EXPECT_EQ(error_in_raft("tick ms=1s"),
            "s.txt:5: ms must be a whole number from 0 to 10000000, not '1s'");
  EXPECT_EQ(error_in_raft("sync records=(1,2)"), "s.txt:5: records must be a whole number");
  EXPECT_EQ(error_in_raft("persist replica=0"),
            "s.txt:5: 'persist' needs mode=manual or mode=auto");
  EXPECT_EQ(error_in_raft("persist mode=none"), "s.txt:5: mode must be manual or auto, not 'none'");
  EXPECT_EQ(error_in_raft("join replica=0"),
            "s.txt:5: 'join' is for a replica that has never run, and 0 has");
  EXPECT_EQ(error_in_raft("restart replica=0"), "s.txt:5: replica 0 is running");
  EXPECT_EQ(error_in_raft("reconfigure replica=0 remove=x"),
            "s.txt:5: remove must name replicas 0 to 99, not 'x'");
  EXPECT_EQ(error_in_raft("compact replica=0 height=5"),
            "s.txt:5: no stable checkpoint covers that; height must be at most 1");
  EXPECT_EQ(error_in_raft("election-timeout replica=0"), "s.txt:5: 'election-timeout' needs ms=");
  EXPECT_EQ(error_in_raft("send-snapshot replica=0 to=1"),
            "s.txt:5: replica 0 has no stable checkpoint to send");
  EXPECT_EQ(error_of(kPbft + "campaign replica=0\n----\nok\n"),
            "s.txt:5: 'campaign' is for protocol=raft");
}

TEST(ScriptErrors, OfClusters) {
  const auto error = [](const std::string& arguments) {
    return error_of("cluster " + arguments + "\n----\nok\n");
  };
  EXPECT_EQ(error("replicas=3"),
            "s.txt:1: protocol must be one of: pbft raft tendermint qbft hotstuff");
  EXPECT_EQ(error("protocol=raft replicas=0"),
            "s.txt:1: replicas must be a whole number from 1 to 100, not '0'");
  EXPECT_EQ(error("protocol=raft replicas=3 learners=3"),
            "s.txt:1: learners must be a whole number from 0 to 2, not '3'");
  EXPECT_EQ(error("protocol=raft replicas=2 weights=(0,0)"),
            "s.txt:1: some replica must have a weight");
  EXPECT_EQ(error("protocol=raft pre-vote=yes"), "s.txt:1: pre-vote must be on or off, not 'yes'");
  EXPECT_EQ(error("protocol=raft replicas=2 absent=2"),
            "s.txt:1: absent must name replicas from 0 to 1, not '2'");
  EXPECT_EQ(error("protocol=pbft pre-vote=on").rfind("s.txt:1: 'cluster' has no argument", 0), 0U);
}

// What stops a script is the first thing that is wrong: the rest would only repeat it.
TEST(ScriptErrors, EndTheScript) {
  const ScriptRun run = run_script("run\n----\nok\n\n" + kRaft, "s.txt");
  EXPECT_EQ(run.cases.size(), 2U);
  EXPECT_EQ(run.outputs.size(), 1U);
}

TEST(ScriptErrors, DifferencesAreNotErrors) {
  const ScriptRun run = run_script(kRaft + "messages\n----\nsome\n\nheal\n----\nok\n", "s.txt");
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(run.different, (std::vector<size_t>{1}));
}

// Our own scripts with words exchanged, dropped, doubled and broken: whatever comes of them, it is
// no crash and at most one line.
TEST(ScriptErrors, OfRubbishAreOneLine) {
  std::vector<std::string> scripts;
  std::vector<std::string> words = {"(",
                                    ")",
                                    "=",
                                    "----",
                                    "x=",
                                    "=x",
                                    "ms=99999999999999999999",
                                    "replica=(0,0)",
                                    "replica=",
                                    "to=()",
                                    "\x01\xff",
                                    "-1"};
  const std::filesystem::path folder = GOVCHAIN_SOURCE_DIR "/tests/consensus/scripts";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    const Result<std::string> text = read_text(entry.path());
    ASSERT_TRUE(text);
    scripts.push_back(*text);
  }
  std::set<std::string> seen;
  for (const std::string& script : scripts) {
    const ScriptRun run = run_script(script, "s.txt");
    for (const Case& command : run.cases) {
      seen.insert(command.command);
      for (const auto& [name, values] : command.arguments) {
        seen.insert(values.empty() ? name : name + "=" + values.front());
      }
    }
  }
  words.insert(words.end(), seen.begin(), seen.end());
  RandomSource random(1);
  size_t errors = 0;
  constexpr int kScripts = 2'000;
  for (int i = 0; i < kScripts; ++i) {
    std::string text = scripts[random.below(scripts.size())];
    for (uint64_t change = 0; change <= random.below(4); ++change) {
      const size_t start = random.below(text.size());
      const size_t end = std::min(text.find_first_of(" \n", start), text.size());
      const std::string& word = words[random.below(words.size())];
      switch (random.below(4)) {
        case 0:
          text.replace(start, end - start, word);
          break;
        case 1:
          text.insert(end, " " + word);
          break;
        case 2:
          text.erase(start, end - start);
          break;
        default:
          text.insert(start, 1, static_cast<char>(random.below(256)));
      }
      if (text.empty()) text = "\n";
    }
    const ScriptRun run = run_script(text, "s.txt");
    if (run.error.empty()) continue;
    ++errors;
    EXPECT_EQ(run.error.rfind("s.txt:", 0), 0U) << run.error;
    EXPECT_EQ(run.error.find('\n'), std::string::npos) << run.error;
  }
  EXPECT_GT(errors, kScripts / 10U);
}

}  // namespace
}  // namespace govchain::consensus::testing
