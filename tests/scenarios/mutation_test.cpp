// 200 scenarios, broken at random but always the same way: each gives one clear message.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scenarios/overrides.h"
#include "scenarios/schema_check.h"
#include "sim/random.h"
#include "tests/scenarios/load_text.h"

namespace govchain::scenarios {
namespace {

constexpr uint32_t kMutants = 200;

// A place in the text where a value begins.
std::vector<size_t> value_offsets(const std::string& text) {
  std::vector<size_t> offsets;
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == ':' && text[i + 1] == ' ') offsets.push_back(i + 2);
  }
  return offsets;
}

// Where the value that begins at `start` ends.
size_t value_end(const std::string& text, size_t start) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = start; i < text.size(); ++i) {
    const char letter = text[i];
    if (in_string) {
      if (letter == '\\') ++i;
      if (letter == '"') in_string = false;
    } else if (letter == '"') {
      in_string = true;
    } else if (letter == '{' || letter == '[') {
      ++depth;
    } else if (letter == '}' || letter == ']') {
      if (depth-- == 0) return i;
    } else if (letter == ',' && depth == 0) {
      return i;
    }
  }
  return text.size();
}

std::string with_value(const std::string& text, sim::RandomStream& random,
                       const std::string& value) {
  const std::vector<size_t> offsets = value_offsets(text);
  const size_t start = offsets[random.below(offsets.size())];
  return text.substr(0, start) + value + text.substr(value_end(text, start));
}

std::string broken(const std::string& text, sim::RandomStream& random) {
  switch (random.below(12)) {
    case 0:  // truncated
      return text.substr(0, random.below(text.size() - 2));
    case 1: {  // not UTF-8
      std::string out = text;
      out[random.below(out.size())] = static_cast<char>(0x80 + random.below(0x80));
      return out;
    }
    case 2:  // wrong type
      return with_value(text, random, "[[]]");
    case 3:
      return with_value(text, random, "null");
    case 4:
      return with_value(text, random, "{\"unknown\": 1}");
    case 5:  // negative
      return with_value(text, random, "-17");
    case 6:  // huge
      return with_value(text, random, "1e999");
    case 7:
      return with_value(text, random, "99999999999999999999999");
    case 8: {  // unknown key
      std::string out = text;
      const size_t at = out.find('{', random.below(out.size() - 200));
      return out.insert(at + 1, " \"surprise\": 1, ");
    }
    case 9: {  // one byte away
      std::string out = text;
      size_t at = random.below(out.size());
      while (std::string("{}[]:,\"").find(out[at]) == std::string::npos) at = (at + 1) % out.size();
      return out.erase(at, 1);
    }
    case 10:  // a cycle
      return "{ \"extends\": \"my.json\"," + text.substr(text.find('{') + 1);
    default:  // a key twice
      return "{ \"id\": \"twice\"," + text.substr(text.find('{') + 1);
  }
}

TEST(MutatedScenarios, EachGivesOneClearMessage) {
  const std::vector<std::string> originals = {read_file(fixture("everything_consensus.json")),
                                              read_file(fixture("everything_national.json")),
                                              read_file(home() + "/scenarios/province.json")};
  uint32_t wrong = 0;
  for (uint64_t seed = 0; wrong < kMutants && seed < 4 * kMutants; ++seed) {
    sim::RandomStream random(seed, sim::RandomPurpose::kTest, 1);
    const std::string text = broken(originals[seed % originals.size()], random);
    const auto scenario = load_text(text);
    // Some changes leave a valid scenario (another note, say); those do not count.
    if (scenario) continue;
    ++wrong;
    const std::string& message = scenario.error().message;
    EXPECT_TRUE(message.starts_with("my.json")) << seed << ": " << message;
    EXPECT_GT(message.size(), 15U) << seed;
    EXPECT_LT(message.size(), 1'500U) << seed << ": " << message;
    for (const char letter : message) {
      EXPECT_TRUE(letter == '\n' || static_cast<unsigned char>(letter) >= 0x20) << seed;
    }
  }
  EXPECT_EQ(wrong, kMutants);
}

// valijson decides and the walk explains: they must never disagree.
TEST(MutatedScenarios, SchemaCheckerAndExplanationAgree) {
  const std::vector<std::string> originals = {read_file(fixture("everything_consensus.json")),
                                              read_file(fixture("everything_national.json"))};
  const std::vector<std::string> values = {"-1",   "0",       "1",        "1e9",    "\"\"", "\"x\"",
                                           "true", "[]",      "[1]",      "{}",     "null", "0.5",
                                           "-0.5", "[\"a\"]", "10000000", "\"all\""};
  uint32_t invalid = 0;
  uint32_t valid = 0;
  for (uint64_t seed = 0; seed < 600; ++seed) {
    sim::RandomStream random(seed, sim::RandomPurpose::kTest, 2);
    const std::string text =
        with_value(originals[seed % originals.size()], random, values[random.below(values.size())]);
    const SourceText source{"x.json", text, false};
    const auto document = parse_json(source);
    if (!document) continue;
    const bool by_valijson = valid_by_valijson(*document);
    const auto explained = explain_schema(*document);
    EXPECT_EQ(by_valijson, !explained.has_value())
        << seed << ": " << (explained ? render(*explained) : text);
    (by_valijson ? valid : invalid) += 1;
  }
  EXPECT_GT(valid, 50U);
  EXPECT_GT(invalid, 200U);
}

}  // namespace
}  // namespace govchain::scenarios
