// The pure parts against traces of a formal model: 38 traces of the Quint specification of
// Tendermint that a public Rust implementation is tested with (Apache-2.0), replayed in full.
//
// Each step of a trace is compared three times: the votes and thresholds of the VoteKeeper with the
// model's bookkeeper, every rule that the model's process fires with RoundState, and the Driver,
// fed with what came from outside only, with the model's driver where that has nothing pending. 20
// of the traces are the model's own unit tests and have no steps.

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/consensus/data_driven.h"
#include "tests/consensus/tendermint/itf.h"

namespace govchain::consensus::tendermint::testing {
namespace {

constexpr size_t kTraces = 38;
constexpr size_t kTracesWithSteps = 18;
// How often a whole system's validator came to rest, and the driver was compared with it.
constexpr size_t kSettled = 520;

// --- the VoteKeeper

void compare_count(const VoteCount& count, const Json& expected, const Validators& all) {
  for (const Json& pair : expected.at("valuesWeights").at("#map")) {
    EXPECT_EQ(count.weight(value_id(pair.at(0))), static_cast<uint64_t>(integer(pair.at(1))));
  }
  std::set<std::string> voters;
  for (const Json& name : elements(expected.at("votesAddresses"))) {
    voters.insert(name.get<std::string>());
  }
  for (uint32_t i = 0; i < all.names.size(); ++i) {
    EXPECT_EQ(count.has(i), voters.contains(all.names[i])) << all.names[i];
  }
}

void compare_rounds(const VoteKeeper& keeper, const Json& bookkeeper, const Validators& all,
                    bool with_emitted) {
  for (const Json& pair : bookkeeper.at("rounds").at("#map")) {
    const Round round = integer(pair.at(0));
    const Json& expected = pair.at(1);
    const RoundVotes* const votes = keeper.find(round);
    ASSERT_NE(votes, nullptr) << "round " << round;
    compare_count(votes->prevotes, expected.at("prevotes"), all);
    compare_count(votes->precommits, expected.at("precommits"), all);
    uint64_t weight = 0;
    for (const Json& sender : expected.at("votesAddressesWeights").at("#map")) {
      weight += static_cast<uint64_t>(integer(sender.at(1)));
    }
    EXPECT_EQ(votes->senders_weight, weight);
    if (!with_emitted) continue;
    uint32_t emitted = 0;
    for (const Json& output : elements(expected.at("emittedOutputs"))) {
      emitted |= 1U << static_cast<uint32_t>(threshold(output).kind);
    }
    EXPECT_EQ(votes->emitted, emitted);
  }
}

// Two votes of one sender that differ.
bool contradicts(const VoteKeeper& keeper, const Vote& cast) {
  const RoundVotes* const votes = keeper.find(cast.round);
  return votes != nullptr && votes->of(cast.type).has(cast.sender) &&
         votes->of(cast.type).value(cast.sender) != cast.value;
}

void replay_votes(const Json& trace) {
  const Json& states = trace.at("states");
  const Validators all = validators(variable(states.at(0), "bookkeeper")->at("validatorSet"));
  VoteKeeper keeper;
  keeper.reset(all.weights, all.quorum(), all.weak());
  for (size_t i = 1; i < states.size(); ++i) {
    SCOPED_TRACE("state " + std::to_string(i));
    const Json& weighted = elements(variable(states.at(i), "weightedVote")->at("value"));
    Threshold reached;
    (void)keeper.add(vote(all, weighted.at(0)), integer(weighted.at(2)), reached);
    EXPECT_EQ(reached, threshold(*variable(states.at(i), "lastEmitted")));
    compare_rounds(keeper, *variable(states.at(i), "bookkeeper"), all, true);
  }
}

// --- RoundState alone

void replay_process(const Json& trace) {
  const Json& states = trace.at("states");
  RoundState state = round_state(*variable(states.at(0), "state"));
  for (size_t i = 1; i < states.size(); ++i) {
    SCOPED_TRACE("state " + std::to_string(i));
    const Action made = state.apply(rule(*variable(states.at(i), "input")));
    const Action expected = action(*variable(states.at(i), "output"));
    EXPECT_EQ(made, expected) << describe(made) << " for " << describe(expected);
    const RoundState wanted = round_state(*variable(states.at(i), "state"));
    EXPECT_EQ(state, wanted) << describe(state) << " for " << describe(wanted);
  }
}

// --- whole systems

// One validator of the model, and the three parts that follow it.
class Follower {
 public:
  Follower(std::string name, const Json& node) : name_(std::move(name)) { begin(node); }

  // `before` and `after` are the model's states of this validator; `input` and `output` what it
  // did between them, null if it only received.
  void follow(const Json& before, const Json& after, const Json* input, const Json* output) {
    SCOPED_TRACE(name_);
    if (height_ != integer(after.at("es").at("cs").at("height"))) begin(after);
    if (input == nullptr) return;
    follow_votes(before, after, *input);
    follow_process(before, after, *input, *output);
    follow_driver(before, after, *input, *output);
  }

  // How often the driver was compared with the model.
  [[nodiscard]] size_t settled() const { return settled_; }

 private:
  void begin(const Json& node) {
    const Json& engine = node.at("es");
    all_ = validators(engine.at("valset"));
    height_ = integer(engine.at("cs").at("height"));
    keeper_.reset(all_.weights, all_.quorum(), all_.weak());
    driver_.reset(all_.weights, all_.quorum(), all_.weak());
    state_ = RoundState();
    executed_ = engine.at("executedInputs").size();
    said_.clear();
    expected_.clear();
  }

  // Votes that the model's bookkeeper has after the step and had not before.
  [[nodiscard]] std::vector<Vote> new_votes(const Json& before, const Json& after) const {
    std::vector<Json> old;
    const auto received = [](const Json& node, std::vector<Json>& out) {
      for (const Json& pair : node.at("es").at("bk").at("rounds").at("#map")) {
        for (const char* type : {"prevotes", "precommits"}) {
          for (const Json& each : elements(pair.at(1).at(type).at("receivedVotes"))) {
            out.push_back(each);
          }
        }
      }
    };
    std::vector<Json> now;
    received(before, old);
    received(after, now);
    std::vector<Vote> fresh;
    for (const Json& each : now) {
      if (std::find(old.begin(), old.end(), each) == old.end()) fresh.push_back(vote(all_, each));
    }
    return fresh;
  }

  void follow_votes(const Json& before, const Json& after, const Json& input) {
    Threshold reached;
    const bool single = tag(input) == "VoteDInput";
    const Round present = integer(before.at("es").at("cs").at("round"));
    std::vector<Vote> votes = new_votes(before, after);
    // A vote that says what was said before is not new to anybody.
    if (single && votes.empty()) votes.push_back(vote(all_, input.at("value")));
    for (const Vote& each : votes) {
      if (contradicts(keeper_, each)) ++conflicts_;
      Threshold step;
      // In a certificate the model counts it beside the first.
      if (!keeper_.add(each, present, step) && !single) {
        (void)keeper_.add_conflicting(each, present, step);
      }
      if (step.kind != ThresholdKind::kNone) reached = step;
    }
    const Json& bookkeeper = after.at("es").at("bk");
    // What a certificate or the votes of a new height reach depends on their order.
    in_order_ = in_order_ && (single || votes.empty());
    compare_rounds(keeper_, bookkeeper, all_, in_order_);
    if (single && in_order_) {
      EXPECT_EQ(reached, threshold(after.at("es").at("voteKeeperOutput")));
    }
    EXPECT_EQ(conflicts_, elements(bookkeeper.at("evidence")).size());
  }

  // Every rule that the model's process has fired in this step.
  void follow_process(const Json& before, const Json& after, const Json& /*input*/,
                      const Json& output) {
    const Json& executed = after.at("es").at("executedInputs");
    Action last;
    const size_t first = executed_;
    for (; executed_ < executed.size(); ++executed_) {
      last = state_.apply(rule(elements(executed.at(executed_)).at(0)));
    }
    const RoundState wanted = round_state(after.at("es").at("cs"));
    EXPECT_EQ(state_, wanted) << describe(state_) << " for " << describe(wanted) << " after "
                              << describe(round_state(before.at("es").at("cs")));
    if (first == executed_) return;
    const Action expected = action(output);
    EXPECT_EQ(last, expected) << describe(last) << " for " << describe(expected);
  }

  [[nodiscard]] bool is_proposer(Round round) const {
    return all_.names[static_cast<size_t>(round + 1) % all_.names.size()] == name_;
  }

  void perform() {
    for (size_t i = 0; i < actions_.size(); ++i) {
      const Action made = actions_[i];
      if (made.kind == ActionKind::kSkipRound) {
        driver_.start_round(made.round, is_proposer(made.round), actions_);
      } else if (is_said(made)) {
        said_.push_back(made);
      }
    }
    actions_.clear();
  }
  // Timeouts are compared by what comes of them.
  static bool is_said(const Action& made) {
    return made.kind == ActionKind::kPropose || made.kind == ActionKind::kPrevote ||
           made.kind == ActionKind::kPrecommit || made.kind == ActionKind::kDecide;
  }

  void feed(const Json& before, const Json& after, const Json& input) {
    const std::string& kind = tag(input);
    const Json& value = input.at("value");
    for (const Vote& each : new_votes(before, after)) {
      if (!driver_.add_vote(each, actions_) && kind == "CertificateDInput") {
        (void)driver_.add_conflicting(each, actions_);
      }
    }
    perform();
    if (kind == "ProposalDInput") {
      (void)driver_.add_proposal(proposal(value), actions_);
    } else if (kind == "ProposeValueDInput") {
      driver_.propose_value(value_id(value), actions_);
    } else if (kind == "TimeoutDInput") {
      driver_.on_timeout(timeout(value), driver_.state().round, actions_);
    } else if (kind == "StartDInput") {
      driver_.start_round(0, is_proposer(0), actions_);
    } else if (kind == "PendingDInput" && driver_.state().step == Step::kNone) {
      // The model begins a height in the round that the votes show; what they decide it sees with
      // the proposal.
      if (tag(value) == "NewRoundCInput") driver_.start_round(0, is_proposer(0), actions_);
    }
    perform();
  }

  void follow_driver(const Json& before, const Json& after, const Json& input, const Json& output) {
    feed(before, after, input);
    const Action told = action(output);
    if (is_said(told)) expected_.push_back(told);
    const bool settled = elements(after.at("es").at("pendingInputs")).empty() &&
                         tag(after.at("es").at("pendingStepChange")) == "NoStep";
    if (!settled) return;
    const RoundState wanted = round_state(after.at("es").at("cs"));
    EXPECT_EQ(driver_.state(), wanted) << describe(driver_.state()) << " for " << describe(wanted);
    ASSERT_EQ(said_.size(), expected_.size());
    for (size_t i = 0; i < said_.size(); ++i) {
      EXPECT_EQ(said_[i], expected_[i]) << describe(said_[i]) << " for " << describe(expected_[i]);
    }
    ++settled_;
  }

  std::string name_;
  Validators all_;
  int64_t height_ = -1;
  VoteKeeper keeper_;
  bool in_order_ = true;
  size_t conflicts_ = 0;
  RoundState state_;
  size_t executed_ = 0;
  Driver driver_;
  std::vector<Action> actions_;
  std::vector<Action> said_;
  std::vector<Action> expected_;
  size_t settled_ = 0;
};

// Validator, input and output of a step: a record in most traces, a tuple in one.
struct History {
  std::string validator;
  const Json* input = nullptr;
  const Json* output = nullptr;
};
History history(const Json& value) {
  if (value.contains("#tup")) {
    const Json& parts = value.at("#tup");
    return {parts.at(0).get<std::string>(), &parts.at(1), &parts.at(2)};
  }
  return {value.at("validator").get<std::string>(), &value.at("input"), &value.at("output")};
}

// How often a validator settled.
size_t replay_system(const Json& trace) {
  const Json& states = trace.at("states");
  std::map<std::string, Follower> followers;
  for (size_t i = 0; i < states.size(); ++i) {
    SCOPED_TRACE("state " + std::to_string(i));
    const Json& system = *variable(states.at(i), "system");
    for (const Json& pair : system.at("#map")) {
      const auto name = pair.at(0).get<std::string>();
      followers.try_emplace(name, name, pair.at(1));
      if (i == 0) continue;
      const Json& before = *entry(*variable(states.at(i - 1), "system"), name);
      const History done = history(*variable(states.at(i), "_hist"));
      // A step that only delivers, or begins a height, leaves the history as it was.
      const bool acted =
          done.validator == name && before.at("es") != pair.at(1).at("es") &&
          before.at("es").at("cs").at("height") == pair.at(1).at("es").at("cs").at("height");
      followers.at(name).follow(before, pair.at(1), acted ? done.input : nullptr,
                                acted ? done.output : nullptr);
      if (::testing::Test::HasFailure()) return 0;
    }
  }
  size_t settled = 0;
  for (const auto& [name, follower] : followers) settled += follower.settled();
  EXPECT_GT(settled, 0U) << "the driver was compared with nothing";
  return settled;
}

// How often a validator of a whole system settled.
size_t replay(const Json& trace) {
  const Json& first = trace.at("states").at(0);
  if (variable(first, "system") != nullptr) return replay_system(trace);
  if (variable(first, "bookkeeper") != nullptr) {
    replay_votes(trace);
  } else {
    replay_process(trace);
  }
  return 0;
}

TEST(TendermintTraces, AreReplayedInFull) {
  const auto folder = consensus::testing::find_vectors("tendermint-itf");
  if (!folder) GTEST_SKIP() << "no vectors: set GOVCHAIN_VECTORS";
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    if (file.path().extension() == ".gz") files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  size_t with_steps = 0;
  size_t settled = 0;
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file.filename().string());
    const Json trace = read_trace(file);
    ASSERT_TRUE(trace.is_object());
    if (trace.at("states").size() < 2) continue;
    ++with_steps;
    settled += replay(trace);
  }
  EXPECT_EQ(files.size(), kTraces);
  EXPECT_EQ(with_steps, kTracesWithSteps);
  EXPECT_EQ(settled, kSettled);
}

}  // namespace
}  // namespace govchain::consensus::tendermint::testing
