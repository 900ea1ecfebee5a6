#pragma once
// Does a document obey the JSON Schema (draft-07)? valijson decides; the explanation, with position
// and nearest valid name, is made here by walking document and schema together.

#include <optional>
#include <string>

#include "scenarios/diagnostic.h"
#include "scenarios/json_document.h"

namespace govchain::scenarios {

// schema/scenario.schema.json, built into the library.
[[nodiscard]] const std::string& scenario_schema();

// The first violation in the order of the document; none if it is valid.
[[nodiscard]] std::optional<Diagnostic> check_schema(const JsonNode& document);

// valijson's verdict alone, and the walk's alone; a test holds them against each other.
[[nodiscard]] bool valid_by_valijson(const JsonNode& document);
[[nodiscard]] std::optional<Diagnostic> explain_schema(const JsonNode& document);

}  // namespace govchain::scenarios
