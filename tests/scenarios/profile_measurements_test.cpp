// A machine profile with measurements, whole and damaged. Every complaint names its place.

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "scenarios/data_loader.h"

namespace govchain::scenarios {
namespace {

const char* const kProfile = R"({
 "id": "here",
 "description": "a machine",
 "cores": 2,
 "memory_bytes": 1000000000,
 "nic": { "mbps": 10000, "source": "judgement", "quality": "judgement" },
 "costs": {
  "message_receive": { "us": 9, "source": "s", "quality": "measured" },
  "message_send": { "us": 8, "source": "s", "quality": "measured" },
  "per_kilobyte_network": { "us": 0.5, "source": "s", "quality": "measured" },
  "sign": { "us": 15, "source": "s", "quality": "measured" },
  "verify": { "us": 46, "source": "s", "quality": "measured" },
  "hash_per_kilobyte": { "us": 0.7, "source": "s", "quality": "measured" },
  "execute_transaction": { "us": 12, "source": "s", "quality": "measured" },
  "admit_transaction": { "us": 30, "source": "s", "quality": "measured" },
  "client_verify": { "us": 48, "source": "s", "quality": "measured" }
 },
 "disk": {
  "sync": { "us": 266, "source": "s", "quality": "measured" },
  "write": { "mbps": 8000, "source": "s", "quality": "measured" },
  "read": { "mbps": 16000, "source": "s", "quality": "measured" }
 },
 "measurements": {
  "format": 1,
  "machine": { "processor": "p", "cores": 2, "memory_bytes": 1, "kernel": "k", "file_system": "f", "date": "d" },
  "quiet": { "noisy": true, "reasons": ["load"], "load_before": 2, "load_after": 2, "others": 0.4, "stolen": 0,
    "waited": 0.1, "involuntary_switches_per_second": 90, "wide_rows": 0.1 },
  "rounds": 9,
  "seconds": 100.5,
  "skipped": [ { "what": "w", "why": "y" } ],
  "rows": [
   { "what": "step", "of": { "protocol": "pbft" }, "kind": "processor", "per": "step",
     "us": { "median": 2, "low_quartile": 1.5, "high_quartile": 2.5, "deviation": 0.4, "minimum": 1, "maximum": 3 },
     "samples": 9, "operations": 900, "per_block": 0.75 },
   { "what": "log sync", "of": {}, "kind": "wait", "per": "sync",
     "us": { "median": 200, "low_quartile": 150, "high_quartile": 250, "deviation": 40, "minimum": 100, "maximum": 900,
       "p90": 500, "p99": 800 },
     "samples": 90, "operations": 90 }
  ]
 }
}
)";

class ProfileMeasurements : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() /
            ("govchain-profile-" + std::to_string(::getpid()) + ".json");
  }
  void TearDown() override { std::filesystem::remove(path_); }

  [[nodiscard]] consensus::Result<sim::MachineProfile> read(const std::string& text) const {
    std::ofstream(path_, std::ios::trunc) << text;
    return load_profile_file(path_.string());
  }
  // "line: message" of the complaint about the profile with this change; "" if there is none.
  [[nodiscard]] std::string complaint(const std::string& what, const std::string& with) const {
    std::string text = kProfile;
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    if (at != std::string::npos) text.replace(at, what.size(), with);
    const auto profile = read(text);
    if (profile) return "";
    const std::string& message = profile.error().message;
    const std::string start = path_.string() + ":";
    EXPECT_EQ(message.rfind(start, 0), 0U) << message;
    const size_t line_end = message.find(':', start.size());
    const size_t words = message.find("  ", line_end);
    const size_t end = message.find('\n');
    return message.substr(start.size(), line_end - start.size()) + ": " +
           message.substr(words + 2, end - words - 2);
  }

  std::filesystem::path path_;
};

TEST_F(ProfileMeasurements, AWholeProfileIsRead) {
  const auto profile = read(kProfile);
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_EQ(profile->costs.execute_transaction, sim::Duration::microseconds(12));
  EXPECT_EQ(profile->disk.sync, sim::Duration::microseconds(266));
}

TEST_F(ProfileMeasurements, UnknownSectionsAndKeysAreRefusedWithTheNearestName) {
  EXPECT_EQ(complaint("\"measurements\":", "\"measurement\":"),
            "23: unknown key \"measurement\"; did you mean \"measurements\"?");
  EXPECT_EQ(complaint("\"sync\": {", "\"sink\": { \"us\": 1, \"source\": \"s\" }, \"sync\": {"),
            "19: unknown key \"sink\"");
  EXPECT_EQ(complaint("\"verify\": {", "\"verifies\": {}, \"verify\": {"),
            "12: unknown key \"verifies\"; did you mean \"verify\"?");
  EXPECT_EQ(complaint("\"us\": 9,", "\"us\": 9, \"ms\": 1,"),
            "8: unknown key \"ms\"; did you mean \"us\"?");
  EXPECT_EQ(complaint("\"rounds\": 9", "\"rounds\": 9, \"lines\": 1"), "28: unknown key \"lines\"");
  EXPECT_EQ(complaint("\"waited\": 0.1", "\"waited\": 0.1, \"weather\": 1"),
            "27: unknown key \"weather\"");
  EXPECT_EQ(complaint("\"kernel\": \"k\"", "\"kernel\": \"k\", \"host\": \"h\""),
            "25: unknown key \"host\"");
  EXPECT_EQ(complaint("\"p90\": 500", "\"p90\": 500, \"p50\": 1"),
            "37: unknown key \"p50\"; did you mean \"p90\"?");
}

TEST_F(ProfileMeasurements, WhatIsMissingIsNamedWhereItShouldBe) {
  EXPECT_EQ(complaint("\"format\": 1,", ""),
            "23: the key \"format\" is missing; expected a number");
  EXPECT_EQ(complaint("\"samples\": 9,", ""),
            "32: the key \"samples\" is missing; expected a number");
  EXPECT_EQ(complaint(", \"p99\": 800", ""), "36: the key \"p99\" is missing; expected a number");
}

TEST_F(ProfileMeasurements, WhatCannotHaveBeenMeasuredIsRefused) {
  EXPECT_EQ(complaint("\"format\": 1", "\"format\": 2"), "23: format: expected 1");
  EXPECT_EQ(complaint("\"median\": 2,", "\"median\": 2.6,"),
            "33: expected minimum, quartiles, median and maximum in ascending order");
  EXPECT_EQ(complaint("\"minimum\": 1,", "\"minimum\": 0,"),
            "33: expected microseconds above 0, and at most 1e9");
  EXPECT_EQ(complaint("\"p90\": 500", "\"p90\": 950"),
            "36: expected minimum, quartiles, median and maximum in ascending order");
  EXPECT_EQ(complaint("\"kind\": \"wait\"", "\"kind\": \"guess\""),
            "35: kind: expected processor, wall or wait");
  EXPECT_EQ(complaint("\"samples\": 9,", "\"samples\": 0,"), "32: samples: expected at least 1");
  EXPECT_EQ(complaint("\"noisy\": true", "\"noisy\": false"),
            "26: noisy: expected true where there are reasons, and only there");
  EXPECT_EQ(complaint("{ \"protocol\": \"pbft\" }", "{ \"protocol\": 4 }"),
            "32: protocol: expected a string");
  EXPECT_EQ(complaint("\"rows\": [", "\"rows\": [ 7,"), "31: rows: expected objects");
}

TEST_F(ProfileMeasurements, AFileThatIsCutIsRefused) {
  const std::string text = kProfile;
  for (const size_t share : {1U, 3U, 5U, 7U}) {
    EXPECT_FALSE(read(text.substr(0, text.size() * share / 8))) << share;
  }
}

}  // namespace
}  // namespace govchain::scenarios
