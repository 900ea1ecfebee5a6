#include "tests/consensus/tendermint/itf.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <zlib.h>

namespace govchain::consensus::tendermint::testing {

Json read_trace(const std::filesystem::path& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return {};
  std::string text;
  std::array<char, 65'536> buffer{};
  int got = 0;
  while ((got = gzread(file, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<size_t>(got));
  }
  gzclose(file);
  return got < 0 ? Json() : Json::parse(text, nullptr, false);
}

const Json* variable(const Json& state, const std::string& name) {
  for (const auto& [key, value] : state.items()) {
    if (key == name || key.ends_with("::" + name)) return &value;
  }
  return nullptr;
}

int64_t integer(const Json& value) { return std::stoll(value.at("#bigint").get<std::string>()); }

const std::string& tag(const Json& value) { return value.at("tag").get_ref<const std::string&>(); }

const Json& elements(const Json& set) {
  return set.contains("#set") ? set.at("#set") : set.at("#tup");
}

const Json* entry(const Json& map, const std::string& key) {
  for (const Json& pair : map.at("#map")) {
    if (pair.at(0).is_string() && pair.at(0) == key) return &pair.at(1);
  }
  return nullptr;
}

ValueId value_id(const std::string& name) {
  ValueId value;
  value.bytes[31] = 1;  // nothing is nil by accident
  for (size_t i = 0; i < name.size() && i < 31; ++i) {
    value.bytes[i] = static_cast<uint8_t>(name[i]);
  }
  return value;
}

ValueId value_id(const Json& value) {
  if (value.is_string()) return value_id(value.get<std::string>());
  if (tag(value) == "Nil") return {};
  return value_id(value.at("value").get<std::string>());
}

uint32_t Validators::position(const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw std::out_of_range(name);
  return static_cast<uint32_t>(found - names.begin());
}

Validators validators(const Json& map) {
  std::map<std::string, uint64_t> sorted;
  for (const Json& pair : map.at("#map")) {
    sorted[pair.at(0).get<std::string>()] = static_cast<uint64_t>(integer(pair.at(1)));
  }
  Validators all;
  for (const auto& [name, weight] : sorted) {
    all.names.push_back(name);
    all.weights.push_back(weight);
    all.total += weight;
  }
  return all;
}

Vote vote(const Validators& validators, const Json& value) {
  Vote cast;
  cast.type = tag(value.at("voteType")) == "Prevote" ? VoteType::kPrevote : VoteType::kPrecommit;
  cast.round = integer(value.at("round"));
  cast.sender = validators.position(value.at("srcAddress").get<std::string>());
  cast.value = value_id(value.at("valueId"));
  return cast;
}

Proposal proposal(const Json& value) {
  Proposal made;
  made.round = integer(value.at("round"));
  made.value = value_id(value.at("proposal"));
  made.valid_round = integer(value.at("validRound"));
  // isValid() of the model.
  made.validity = value.at("proposal") == "invalid" ? Validity::kInvalid : Validity::kValid;
  return made;
}

RoundState round_state(const Json& value) {
  static const std::map<std::string, Step> kSteps = {
      {"NoStep", Step::kNone},
      {"UnstartedStep", Step::kUnstarted},
      {"ProposeStep", Step::kPropose},
      {"PrevoteStep", Step::kPrevote},
      {"PrecommitStep", Step::kPrecommit},
      {"CommitStep", Step::kCommit},
  };
  RoundState state;
  state.round = integer(value.at("round"));
  state.step = kSteps.at(tag(value.at("step")));
  state.locked_round = integer(value.at("lockedRound"));
  state.locked_value = value_id(value.at("lockedValue"));
  state.valid_round = integer(value.at("validRound"));
  state.valid_value = value_id(value.at("validValue"));
  return state;
}

Rule rule(const Json& input) {
  static const std::map<std::string, RuleKind> kKinds = {
      {"NewRoundCInput", RuleKind::kNewRound},
      {"NewRoundProposerCInput", RuleKind::kNewRoundProposer},
      {"ProposeValueCInput", RuleKind::kProposeValue},
      {"ProposalCInput", RuleKind::kProposal},
      {"ProposalInvalidCInput", RuleKind::kProposalInvalid},
      {"ProposalAndPolkaPreviousAndValidCInput", RuleKind::kProposalPolkaPrevious},
      {"PolkaAnyCInput", RuleKind::kPolkaAny},
      {"ProposalAndPolkaAndValidCInput", RuleKind::kProposalPolka},
      {"PolkaNilCInput", RuleKind::kPolkaNil},
      {"PrecommitAnyCInput", RuleKind::kPrecommitAny},
      {"ProposalAndCommitAndValidCInput", RuleKind::kProposalCommit},
      {"RoundSkipCInput", RuleKind::kRoundSkip},
      {"TimeoutProposeCInput", RuleKind::kTimeoutPropose},
      {"TimeoutPrevoteCInput", RuleKind::kTimeoutPrevote},
      {"TimeoutPrecommitCInput", RuleKind::kTimeoutPrecommit},
  };
  Rule fired;
  fired.kind = kKinds.at(tag(input));
  const Json& value = input.at("value");
  switch (fired.kind) {
    case RuleKind::kNewRound:
    case RuleKind::kNewRoundProposer:
    case RuleKind::kRoundSkip:
      fired.round = integer(value);
      break;
    case RuleKind::kProposeValue:
    case RuleKind::kProposalPolka:
      fired.value = value_id(value);
      break;
    case RuleKind::kProposal:
    case RuleKind::kProposalCommit:
      fired.round = integer(elements(value).at(0));
      fired.value = value_id(elements(value).at(1));
      break;
    case RuleKind::kProposalPolkaPrevious:
      fired.value = value_id(elements(value).at(0));
      fired.round = integer(elements(value).at(1));
      break;
    case RuleKind::kTimeoutPropose:
    case RuleKind::kTimeoutPrevote:
    case RuleKind::kTimeoutPrecommit:
      fired.round = integer(elements(value).at(1));
      break;
    default:
      break;
  }
  return fired;
}

Timeout timeout(const Json& value) {
  if (tag(value) == "ProposeTimeout") return Timeout::kPropose;
  return tag(value) == "PrevoteTimeout" ? Timeout::kPrevote : Timeout::kPrecommit;
}

Action action(const Json& output) {
  const std::string& kind = tag(output);
  const Json& value = output.at("value");
  Action made;
  if (kind == "ErrorOutput") {
    made.kind = ActionKind::kError;
  } else if (kind == "ProposalOutput") {
    made = {ActionKind::kPropose, integer(value.at("round")), value_id(value.at("proposal")),
            integer(value.at("validRound")), Timeout::kPropose};
  } else if (kind == "GetValueAndScheduleTimeoutOutput") {
    made.kind = ActionKind::kGetValue;
    made.round = integer(elements(value).at(1));
  } else if (kind == "VoteOutput") {
    made.kind =
        tag(value.at("voteType")) == "Prevote" ? ActionKind::kPrevote : ActionKind::kPrecommit;
    made.round = integer(value.at("round"));
    made.value = value_id(value.at("valueId"));
  } else if (kind == "TimeoutOutput") {
    made.kind = ActionKind::kTimeout;
    made.round = integer(elements(value).at(0));
    made.timeout = timeout(elements(value).at(1));
  } else if (kind == "DecidedOutput") {
    made.kind = ActionKind::kDecide;
    made.round = integer(elements(value).at(0));
    made.value = value_id(elements(value).at(1));
  } else if (kind == "SkipRoundOutput") {
    made.kind = ActionKind::kSkipRound;
    made.round = integer(value);
  }
  return made;
}

Threshold threshold(const Json& output) {
  static const std::map<std::string, ThresholdKind> kKinds = {
      {"NoVKOutput", ThresholdKind::kNone},
      {"PolkaAnyVKOutput", ThresholdKind::kPolkaAny},
      {"PolkaNilVKOutput", ThresholdKind::kPolkaNil},
      {"PolkaValueVKOutput", ThresholdKind::kPolkaValue},
      {"PrecommitAnyVKOutput", ThresholdKind::kPrecommitAny},
      {"PrecommitValueVKOutput", ThresholdKind::kPrecommitValue},
      {"SkipVKOutput", ThresholdKind::kSkip},
  };
  Threshold reached;
  reached.kind = kKinds.at(tag(output));
  const Json& value = output.at("value");
  if (value.contains("#bigint")) {
    reached.round = integer(value);
  } else if (!elements(value).empty()) {
    reached.round = integer(elements(value).at(0));
    reached.value = value_id(elements(value).at(1));
  }
  return reached;
}

std::string describe(const RoundState& state) {
  const auto name = [](const ValueId& value) {
    return std::string(reinterpret_cast<const char*>(value.bytes.data()));  // NOLINT
  };
  return "round " + std::to_string(state.round) + " step " +
         std::to_string(static_cast<int>(state.step)) + " locked " + name(state.locked_value) +
         "@" + std::to_string(state.locked_round) + " valid " + name(state.valid_value) + "@" +
         std::to_string(state.valid_round);
}

std::string describe(const Action& action) {
  return "action " + std::to_string(static_cast<int>(action.kind)) + " round " +
         std::to_string(action.round) + " " +
         std::string(reinterpret_cast<const char*>(action.value.bytes.data())) +  // NOLINT
         " valid " + std::to_string(action.valid_round) + " timeout " +
         std::to_string(static_cast<int>(action.timeout));
}

}  // namespace govchain::consensus::tendermint::testing
