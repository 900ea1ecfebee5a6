#pragma once
// A data file, open: typed access that complains with a position. Private to the loaders.

#include <optional>
#include <string>

#include "scenarios/diagnostic.h"
#include "scenarios/overrides.h"

namespace govchain::scenarios {

class DataFile {
 public:
  // `path` as shown in origins and complaints: relative to home.
  static consensus::Result<DataFile> open(const std::string& home, const std::string& path);
  static consensus::Result<DataFile> open_file(const std::string& path);

  [[nodiscard]] const JsonNode& root() const { return root_; }
  [[nodiscard]] std::string origin(const std::string& pointer) const { return path_ + pointer; }

  // The member, which must have this type; the first failure is kept and stands for all.
  const JsonNode* member(const JsonNode& object, const std::string& key, JsonNode::Type type);
  double number(const JsonNode& object, const std::string& key);
  double number(const JsonNode& object, const std::string& key, double otherwise);
  std::optional<double> optional_number(const JsonNode& object, const std::string& key);
  uint64_t count(const JsonNode& object, const std::string& key);
  std::string text(const JsonNode& object, const std::string& key);
  std::string text(const JsonNode& object, const std::string& key, const std::string& otherwise);
  bool flag(const JsonNode& object, const std::string& key);
  // Empty if it is missing, which is a failure.
  const std::vector<JsonNode>& list(const JsonNode& object, const std::string& key);
  void fail(const JsonNode& at, const std::string& message);
  [[nodiscard]] const std::optional<consensus::Error>& failure() const { return failure_; }

 private:
  std::string path_;
  std::unique_ptr<SourceText> source_;
  JsonNode root_;
  std::optional<consensus::Error> failure_;
};

}  // namespace govchain::scenarios
