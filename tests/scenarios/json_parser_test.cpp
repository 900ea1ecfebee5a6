#include <string>

#include <gtest/gtest.h>

#include "scenarios/diagnostic.h"
#include "scenarios/json_document.h"

namespace govchain::scenarios {
namespace {

consensus::Result<JsonNode> parse(const std::string& text) {
  static SourceText source;
  source = {"x.json", text, false};
  return parse_json(source);
}

std::string first_line(const std::string& text) {
  const auto parsed = parse(text);
  if (parsed) return "parsed";
  return parsed.error().message.substr(0, parsed.error().message.find('\n'));
}

TEST(JsonParser, KnowsWhereEveryValueStands) {
  const auto root = parse("{\n  \"a\": [1, {\"中文\": -2.5e3}]\n}");
  ASSERT_TRUE(root.ok());
  const JsonNode* inner = root->at_pointer("/a/1/中文");
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(inner->number, -2500);
  EXPECT_EQ(inner->at.line, 2U);
  EXPECT_EQ(inner->at.column, 19U);  // counted in characters, not in bytes
  EXPECT_EQ(inner->at.length, 6U);
}

TEST(JsonParser, ReadsNumbersWithoutLoss) {
  EXPECT_EQ(parse("18446744073709551615")->natural, UINT64_MAX);
  EXPECT_EQ(parse("-9223372036854775808")->integer, INT64_MIN);
  EXPECT_FALSE(parse("1.0")->integer.has_value());
  EXPECT_EQ(parse("5e-400")->number, 0);
  EXPECT_EQ(parse("0.1")->number, 0.1);
}

TEST(JsonParser, DecodesEscapes) {
  EXPECT_EQ(parse(R"("a\n\u4e2d\ud83d\ude00\"")")->text, "a\n中😀\"");
}

struct Wrong {
  std::string text;
  std::string line;
};

class JsonErrors : public testing::TestWithParam<Wrong> {};

TEST_P(JsonErrors, NamePlaceAndExpectation) {
  EXPECT_EQ(first_line(GetParam().text), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    All, JsonErrors,
    testing::Values(
        Wrong{"", "x.json:1:1  is empty; expected a JSON value"},
        Wrong{"\xEF\xBB\xBF{}",
              "x.json:1:1  begins with a byte order mark; JSON is UTF-8 without one (RFC 8259)"},
        Wrong{std::string("\xFF\xFE{\0", 4), "x.json:1:1  is UTF-16; JSON must be UTF-8"},
        Wrong{"{\"a\": 1", "x.json:1:8  the file ends here; expected ',' or '}'"},
        Wrong{"[1,", "x.json:1:4  /1  the file ends here; expected a value"},
        Wrong{"[1,]", "x.json:1:4  a comma before ']'; the last element has none"},
        Wrong{"{\"a\": 1,}", "x.json:1:9  a comma before '}'; the last member has none after it"},
        Wrong{"{\"a\" 1}", "x.json:1:6  /a  expected ':' after the key"},
        Wrong{"{\"a\": NaN}", "x.json:1:7  /a  expected a value, found NaN"},
        Wrong{"{\"a\": tru}", "x.json:1:7  /a  expected a value, found tru"},
        Wrong{"{\"a\": 1e999}", "x.json:1:7  /a  this number is too large"},
        Wrong{"{\"a\": 01}", "x.json:1:7  /a  a number does not begin with 0"},
        Wrong{"{\"a\": -}", "x.json:1:7  /a  expected a digit after '-'"},
        Wrong{"{\"a\": 1.}", "x.json:1:7  /a  expected a digit after the decimal point"},
        Wrong{"\"\xC3\x28\"", "x.json:1:2  byte 0xc3 is not UTF-8"},
        Wrong{"\"\xED\xA0\x80\"", "x.json:1:2  byte 0xed is not UTF-8"},
        Wrong{"\"\\ud800\"", "x.json:1:8  half a surrogate pair"},
        Wrong{"\"a\nb\"", "x.json:1:3  the string does not end on its line"},
        Wrong{"{} {}", "x.json:1:4  text after the end of the document; expected nothing more"},
        Wrong{"{\"a\": 1, \"a\": 2}",
              "x.json:1:10  /a  this key is there twice in the same object"},
        Wrong{"// no\n{}", "x.json:1:1  expected a value, found '/'"}));

TEST(JsonParser, BoundsTheDepth) {
  const std::string deep(100'000, '[');
  EXPECT_NE(first_line(deep).find("nested deeper than 64 levels"), std::string::npos);
}

TEST(JsonParser, SurvivesEveryTruncation) {
  const std::string whole = R"({"a": [1, 2.5e1, "x\u0041\n", true, null], "b": {"c": false}})";
  ASSERT_TRUE(parse(whole).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse(whole.substr(0, length)).ok()) << length;
  }
}

TEST(JsonParser, EqualValuesHaveEqualCanonicalText) {
  EXPECT_EQ(canonical_text(*parse("{\"b\": 1, \"a\": [ true ]}")), "{\"a\":[true],\"b\":1}");
}

TEST(Diagnostics, NeverPrintControlCharacters) {
  const std::string error = parse("{\"a\": \x1b[31m}").error().message;
  EXPECT_EQ(error.find('\x1b'), std::string::npos) << error;
}

TEST(Diagnostics, CutLongLines) {
  const std::string text = "{\"a\": " + std::string(5'000, ' ') + "x}";
  const std::string error = parse(text).error().message;
  EXPECT_LT(error.size(), 600U);
  EXPECT_NE(error.find("x.json:1:5007"), std::string::npos);
}

}  // namespace
}  // namespace govchain::scenarios
