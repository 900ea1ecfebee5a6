// Pins what every engine does, and what each of its messages and log records looks like, in
// tests/conformance/reference_runs.txt. A difference is a change of behaviour or of a format: it
// must be deliberate, and is reviewed in that file.

#include "tests/consensus/reference_run.h"

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/protocols.h"
#include "tests/consensus/data_driven.h"

namespace govchain::consensus {
namespace {

constexpr const char* kFile = GOVCHAIN_SOURCE_DIR "/tests/conformance/reference_runs.txt";
constexpr const char* kRewrite = "GOVCHAIN_REWRITE_CONFORMANCE";

std::string to_hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

// What is long is pinned by its digest.
std::string pinned(const std::vector<uint8_t>& bytes) {
  constexpr size_t kInFull = 768;
  if (bytes.size() <= kInFull) return to_hex(bytes);
  return std::to_string(bytes.size()) + " bytes, sha256 " +
         to_hex(hash(HashAlgorithm::kSha256, bytes).bytes);
}

// kCheckpointProof -> checkpoint-proof.
std::string kebab(const std::string& enumerator) {
  std::string name;
  for (size_t i = 1; i < enumerator.size(); ++i) {
    const auto letter = static_cast<unsigned char>(enumerator[i]);
    if (std::isupper(letter) != 0 && i > 1) name += '-';
    name += static_cast<char>(std::tolower(letter));
  }
  return name;
}

// The record types that a header declares, so that one which is added is missed below.
std::map<uint8_t, std::string> record_types(const std::string& folder) {
  std::map<uint8_t, std::string> types;
  const Result<std::string> text =
      testing::read_text(GOVCHAIN_SOURCE_DIR "/consensus/" + folder + "/records.h");
  if (!text) return types;
  static const std::regex kEnumeration(
      "enum class (?:Common)?Record(?:Type)? : uint8_t \\{([^}]*)\\}");
  static const std::regex kEnumerator("(k[A-Za-z]+) = ([0-9]+)");
  std::smatch enumeration;
  if (!std::regex_search(*text, enumeration, kEnumeration)) return types;
  const std::string body = enumeration[1];
  for (std::sregex_iterator each(body.begin(), body.end(), kEnumerator), end; each != end; ++each) {
    types[static_cast<uint8_t>(std::stoul((*each)[2]))] = kebab((*each)[1]);
  }
  return types;
}

const testing::ReferenceRun& run_of(const ProtocolTraits& protocol) {
  static std::map<std::string_view, testing::ReferenceRun> runs;
  auto found = runs.find(protocol.name);
  if (found == runs.end()) {
    found = runs.emplace(protocol.name, testing::make_reference_run(protocol)).first;
  }
  return found->second;
}

// Name -> what is pinned, of one protocol.
std::map<std::string, std::string> lines_of(const ProtocolTraits& protocol) {
  const testing::ReferenceRun& run = run_of(protocol);
  const std::string name(protocol.name);
  std::map<std::string, std::string> lines;
  lines[name + "-effects"] =
      std::to_string(run.effect_count) + " sha256 " + to_hex(run.effects.bytes);
  lines[name + "-states"] =
      std::to_string(run.committed) + " commits sha256 " + to_hex(run.state.bytes);
  for (const auto& [type, bytes] : run.messages) {
    lines[name + "-message-" + std::string(protocol.message_name(type))] = pinned(bytes);
  }
  std::map<uint8_t, std::string> types = record_types(name);
  types.merge(record_types("chain"));
  for (const auto& [type, bytes] : run.records) {
    lines[name + "-record-" + types[type]] = pinned(bytes);
  }
  return lines;
}

class ReferenceRuns : public ::testing::TestWithParam<const ProtocolTraits*> {};

TEST_P(ReferenceRuns, DoWhatTheConformanceFileSays) {
  if (std::getenv(kRewrite) != nullptr) GTEST_SKIP() << "is being rewritten";
  const Result<std::string> text = testing::read_text(kFile);
  ASSERT_TRUE(text) << text.error().where << ": " << text.error().message;
  std::map<std::string, std::string> expected;
  const std::string prefix = std::string(GetParam()->name) + "-";
  std::istringstream stream(*text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(prefix)) continue;
    const size_t space = line.find(' ');
    ASSERT_NE(space, std::string::npos) << line;
    expected[line.substr(0, space)] = line.substr(space + 1);
  }
  const std::map<std::string, std::string> lines = lines_of(*GetParam());
  for (const auto& [name, value] : lines) {
    EXPECT_EQ(value, expected[name])
        << name << " changed; if that is meant, run " << kRewrite
        << "=1 consensus_tests --gtest_filter='*ReferenceRun*' and review the file";
  }
  EXPECT_EQ(lines.size(), expected.size());
}

TEST_P(ReferenceRuns, NeverStandStill) { EXPECT_EQ(run_of(*GetParam()).stalls, 0U); }

TEST_P(ReferenceRuns, HaveEveryMessageThatTheProtocolKnows) {
  const testing::ReferenceRun& run = run_of(*GetParam());
  for (unsigned type = 0; type < 256; ++type) {
    const std::string_view name = GetParam()->message_name(static_cast<uint8_t>(type));
    if (name == "unknown") continue;
    EXPECT_TRUE(run.messages.count(static_cast<uint8_t>(type)) > 0)
        << name << ": tell of it in tests/consensus/reference_run.cpp";
  }
}

TEST_P(ReferenceRuns, HaveEveryRecordThatTheProtocolWrites) {
  const testing::ReferenceRun& run = run_of(*GetParam());
  std::map<uint8_t, std::string> types = record_types(std::string(GetParam()->name));
  ASSERT_FALSE(types.empty());
  for (const auto& [type, name] : types) {
    EXPECT_TRUE(run.records.count(type) > 0)
        << name << ": tell of it in tests/consensus/reference_run.cpp";
  }
  types.merge(record_types("chain"));
  for (const auto& [type, bytes] : run.records) {
    EXPECT_TRUE(types.count(type) > 0) << "a record of type " << unsigned{type} << " has no name";
  }
}

// Canonical: what decodes, encodes to the same bytes.
TEST_P(ReferenceRuns, DecodeAndEncodeToTheSameBytes) {
  const testing::ReferenceRun& run = run_of(*GetParam());
  for (const auto& [type, bytes] : run.messages) {
    const Result<MessageRef> message =
        decode_message(ChainId(1), HashAlgorithm::kSha256, bytes, Cohorts::kAllowed);
    ASSERT_TRUE(message.ok()) << GetParam()->message_name(type) << ": " << message.error().message;
    std::vector<uint8_t> again;
    encode_message(ChainId(1), **message, again);
    EXPECT_EQ(again, bytes) << GetParam()->message_name(type);
  }
  for (const auto& [type, bytes] : run.records) {
    const Result<LogRecordRef> record =
        decode_record(HashAlgorithm::kSha256, bytes, Cohorts::kAllowed);
    ASSERT_TRUE(record.ok()) << "record " << unsigned{type} << ": " << record.error().message;
    std::vector<uint8_t> again;
    encode_record(**record, again);
    EXPECT_EQ(again, bytes) << "record " << unsigned{type};
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ReferenceRuns,
                         ::testing::ValuesIn(protocols().begin(), protocols().end()),
                         [](const auto& parameter) { return std::string(parameter.param->name); });

constexpr const char* kHeader =
    "# A fixed small run of every engine (tests/consensus/reference_run.cpp): digests of all "
    "effects\n"
    "# and of the states at the end, and the first message and log record of each type, in\n"
    "# hexadecimal. A difference is a change of behaviour, or of a format that other builds read:\n"
    "# say so in CHANGELOG.md, and regenerate this file with GOVCHAIN_REWRITE_CONFORMANCE=1.\n";

TEST(ReferenceRunFile, IsRewrittenOnDemand) {
  if (std::getenv(kRewrite) == nullptr) GTEST_SKIP() << "only with " << kRewrite;
  std::ofstream file(kFile, std::ios::binary);
  file << kHeader;
  for (const ProtocolTraits* protocol : protocols()) {
    for (const auto& [name, value] : lines_of(*protocol)) file << name << ' ' << value << '\n';
  }
}

}  // namespace
}  // namespace govchain::consensus
