#pragma once
// What a desk knows, as JSON for clients. Digests, keys and certificates are hexadecimal (a
// certificate as encode_certificate() has it), payloads base64.

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "consensus/node/client/answer.h"
#include "consensus/node/client/client_desk.h"

namespace govchain::consensus::node {

[[nodiscard]] nlohmann::json to_json(const Answer& answer);
// What a client can do about it; empty if nothing.
[[nodiscard]] std::string explain(Cause cause);
[[nodiscard]] nlohmann::json to_json(const FinalBlocks::Whole& block, bool with_payloads);
[[nodiscard]] nlohmann::json to_json(const Checkpoint& checkpoint);
[[nodiscard]] nlohmann::json to_json(const Membership& membership);
[[nodiscard]] nlohmann::json to_json(const ClientDesk::View& view, const Replica::Look& look);

// Null if it does not parse, or lies deeper than anything a client has to say.
[[nodiscard]] std::optional<nlohmann::json> parse_json(const std::string& text);
// On one line; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string to_text(const nlohmann::json& json);

}  // namespace govchain::consensus::node
