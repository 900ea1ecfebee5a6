#include "tests/consensus/data_driven.h"

#include <gtest/gtest.h>

namespace govchain::consensus::testing {
namespace {

constexpr const char* kText =
    "# first comment\n"
    "committed cfg=(1, 2) cfgj=zero flag\n"
    "input one\n"
    "input two\n"
    "----\n"
    "a\n"
    "b\n"
    "\n"
    "# second comment\n"
    "\n"
    "vote\n"
    "----\n"
    "----\n"
    "c\n"
    "\n"
    "d\n"
    "----\n"
    "----\n"
    "\n"
    "last list=()\n"
    "----\n"
    "e\n";

TEST(DataDriven, ReadsCommandsArgumentsInputAndOutput) {
  const auto cases = parse_cases(kText, "file.txt");
  ASSERT_TRUE(cases);
  ASSERT_EQ(cases->size(), 3U);
  const Case& first = (*cases)[0];
  EXPECT_EQ(first.where(), "file.txt:2");
  EXPECT_EQ(first.command, "committed");
  EXPECT_EQ(first.arguments.at("cfg"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(first.value("cfgj"), "zero");
  EXPECT_EQ(first.value("cfg"), std::nullopt);
  EXPECT_TRUE(first.has("flag"));
  EXPECT_FALSE(first.has("other"));
  EXPECT_EQ(first.input, (std::vector<std::string>{"input one", "input two"}));
  EXPECT_EQ(first.expected, "a\nb\n");
  EXPECT_EQ((*cases)[1].expected, "c\n\nd\n");
  EXPECT_TRUE((*cases)[2].arguments.at("list").empty());
  EXPECT_EQ((*cases)[2].expected, "e\n");
}

TEST(DataDriven, WritesOutputsBackAndLeavesTheRestAlone) {
  const auto cases = parse_cases(kText, "file.txt");
  ASSERT_TRUE(cases);
  EXPECT_EQ(with_outputs(kText, *cases, {"a\nb\n", "c\n\nd\n", "e\n"}), kText);
  const std::string changed = with_outputs(kText, *cases, {"x\n\ny\n", "z\n", ""});
  const auto again = parse_cases(changed, "file.txt");
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 3U);
  EXPECT_EQ((*again)[0].expected, "x\n\ny\n");
  EXPECT_EQ((*again)[1].expected, "z\n");
  EXPECT_EQ((*again)[2].expected, "");
  EXPECT_NE(changed.find("# second comment"), std::string::npos);
}

TEST(DataDriven, SaysWhereACommandIsWrong) {
  const auto unfinished = parse_cases("# c\ncommand\ninput\n", "file.txt");
  ASSERT_FALSE(unfinished);
  EXPECT_EQ(unfinished.error().where, "file.txt:2");
  EXPECT_FALSE(parse_cases("command a=1 a=2\n----\n", "file.txt"));
  EXPECT_FALSE(parse_cases("command a=(1\n----\n", "file.txt"));
}

TEST(DataDriven, ReadsWholeNumbersOnly) {
  EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "-1", "1x", " 1", "18446744073709551616"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace govchain::consensus::testing
