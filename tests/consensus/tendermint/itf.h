#pragma once
// Traces of a Quint model in the ITF format (Informal Trace Format: JSON, here gzipped), and what
// they say of Tendermint, in this engine's terms.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "consensus/tendermint/driver.h"

namespace govchain::consensus::tendermint::testing {

using Json = nlohmann::json;

// The whole file; null if it cannot be read.
[[nodiscard]] Json read_trace(const std::filesystem::path& path);
// The variable whose name ends so ("line28Test::N4F1::system" is "system"); null if there is none.
[[nodiscard]] const Json* variable(const Json& state, const std::string& name);

[[nodiscard]] int64_t integer(const Json& value);         // {"#bigint": "7"}
[[nodiscard]] const std::string& tag(const Json& value);  // of a variant
[[nodiscard]] const Json& elements(const Json& set);      // of a set or tuple
[[nodiscard]] const Json* entry(const Json& map, const std::string& key);

// Values are names there and digests here.
[[nodiscard]] ValueId value_id(const std::string& name);
[[nodiscard]] ValueId value_id(const Json& value);  // "Nil" is zero; "Val(x)", or a bare name

// Validators by name, in the order of their names.
struct Validators {
  std::vector<std::string> names;
  std::vector<uint64_t> weights;
  uint64_t total = 0;
  [[nodiscard]] uint32_t position(const std::string& name) const;
  // The model counts 3 w > 2 W and 3 w > W.
  [[nodiscard]] uint64_t quorum() const { return 2 * total / 3 + 1; }
  [[nodiscard]] uint64_t weak() const { return total / 3 + 1; }
};
[[nodiscard]] Validators validators(const Json& map);

[[nodiscard]] Vote vote(const Validators& validators, const Json& value);
[[nodiscard]] Proposal proposal(const Json& value);
[[nodiscard]] RoundState round_state(const Json& value);
[[nodiscard]] Rule rule(const Json& input);       // a ConsensusInput
[[nodiscard]] Action action(const Json& output);  // a ConsensusOutput
[[nodiscard]] Threshold threshold(const Json& output);
[[nodiscard]] Timeout timeout(const Json& value);
[[nodiscard]] std::string describe(const RoundState& state);
[[nodiscard]] std::string describe(const Action& action);

}  // namespace govchain::consensus::tendermint::testing
