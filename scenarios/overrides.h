#pragma once
// Changes to a document: options of the command line, and documents built on others.

#include <memory>
#include <string>
#include <vector>

#include "consensus/result.h"
#include "scenarios/json_document.h"

namespace govchain::scenarios {

// A document and the texts that its positions point into.
struct Document {
  std::vector<std::unique_ptr<SourceText>> sources;
  JsonNode root;
};

// Reads a file and what it extends. "extends" names a file relative to the one that says so; the
// base comes first, then objects merge key by key and everything else replaces (as RFC 7396, but
// null has no special meaning), then "set", an object of JSON pointer to value, is applied. Both
// keys are gone from the result. Errors: diagnostics; a cycle names its files.
[[nodiscard]] consensus::Result<Document> read_document(const std::string& path);

// `change` is POINTER=VALUE; complaints name it as `option`. VALUE is JSON if it reads as such,
// else a string. What does not exist yet is created (the schema then says whether it may exist); an
// element of a list must exist, or be
// "-" for one after the last.
[[nodiscard]] consensus::Status apply_override(Document& document, const std::string& option,
                                               const std::string& change);

}  // namespace govchain::scenarios
