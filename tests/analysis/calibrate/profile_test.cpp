// A profile out of figures that are known.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "analysis/calibrate/calibration.h"
#include "analysis/calibrate/profile_fields.h"
#include "models/services/workload.h"
#include "scenarios/data_loader.h"

namespace govchain::analysis {
namespace {

using consensus::Duration;
using consensus::SignatureScheme;

using Labels = std::vector<std::pair<std::string, std::string>>;

void put(Figures& figures, RowKind kind, const std::string& what, const Labels& of,
         int64_t nanoseconds) {
  for (const int64_t part :
       {nanoseconds - nanoseconds / 10, nanoseconds, nanoseconds + nanoseconds / 10}) {
    figures.add(kind, {what, of}, "call", Duration::nanoseconds(part), 1);
  }
}

Calibration known() {
  Calibration calibration;
  calibration.machine = {.processor = "A \"quoted\" processor",
                         .cores = 2,
                         .memory = consensus::Bytes(1U << 30U),
                         .kernel = "Linux 6",
                         .file_system = "ext4 on /dev/vda",
                         .date = "2026-01-02T03:04:05Z"};
  calibration.rounds.rounds = 3;
  Figures& figures = calibration.figures;
  const RowKind cpu = RowKind::kProcessor;
  put(figures, cpu, "receive", {{"writes", "separate"}, {"size", "170 bytes"}}, 9'000);
  put(figures, cpu, "receive", {{"writes", "bulk"}}, 300);
  put(figures, cpu, "send", {{"writes", "separate"}, {"size", "170 bytes"}}, 8'000);
  put(figures, cpu, "send", {{"writes", "bulk"}}, 500);
  put(figures, cpu, "engine", {{"protocol", "pbft"}, {"replicas", "4"}, {"payloads", "1"}}, 2'000);
  put(figures, cpu, "engine payload", {{"protocol", "pbft"}, {"replicas", "4"}}, 500);
  put(figures, cpu, "sign", {{"algorithm", "ed25519"}}, 15'000);
  put(figures, cpu, "sign", {{"algorithm", "sm2"}}, 70'000);
  put(figures, cpu, "verify", {{"algorithm", "ed25519"}}, 46'000);
  put(figures, cpu, "verify", {{"algorithm", "sm2"}}, 200'000);
  put(figures, cpu, "verify client", {{"algorithm", "ed25519"}}, 48'000);
  put(figures, cpu, "verify client", {{"algorithm", "sm2"}}, 203'000);
  put(figures, cpu, "hash", {{"algorithm", "sha256"}, {"size", "bulk"}}, 700);
  put(figures, cpu, "hash", {{"algorithm", "sm3"}, {"size", "bulk"}}, 2'600);
  // Ten times the factor, so that each contract says 10 µs for the reference call.
  for (const auto& [records, times] : {std::pair{"100000", 9}, {"1000000", 10}, {"10000000", 14}}) {
    put(figures, cpu, "execute", {{"contract", "sharing"}, {"records", records}},
        int64_t{times} * models::kSharingCostPerMille);
    put(figures, cpu, "execute", {{"contract", "licence"}, {"records", records}},
        int64_t{times} * models::kLicenceCostPerMille);
    put(figures, cpu, "execute", {{"contract", "invoice"}, {"records", records}},
        int64_t{times} * models::kInvoiceCostPerMille);
  }
  put(figures, cpu, "store", {{"payloads", "100"}}, 150'000);
  put(figures, cpu, "admit", {{"over", "HTTP"}}, 30'000);
  put(figures, RowKind::kWait, "log sync", {{"record", "200 bytes"}, {"together", "1"}}, 266'000);
  put(figures, RowKind::kWall, "write file", {{"how", "bulk, with its sync"}}, 1'000);
  put(figures, RowKind::kWall, "read file", {{"how", "bulk, not from memory"}}, 500);
  return calibration;
}

std::map<std::string, double> values(const std::vector<ProfileField>& fields) {
  std::map<std::string, double> found;
  for (const ProfileField& field : fields) found[field.key] = field.value;
  return found;
}

TEST(ProfileFields, AreWhatTheRowsAddUpTo) {
  const auto fields = profile_fields(known(), SignatureScheme::kEd25519);
  ASSERT_TRUE(fields.ok()) << fields.error().message;
  const std::map<std::string, double> found = values(*fields);
  EXPECT_NEAR(found.at("message_receive"), 11, 1e-9);  // transport and engine
  EXPECT_NEAR(found.at("message_send"), 8, 1e-9);
  EXPECT_NEAR(found.at("per_kilobyte_network"), 0.4, 1e-9);
  EXPECT_NEAR(found.at("sign"), 15, 1e-9);
  EXPECT_NEAR(found.at("verify"), 46, 1e-9);
  EXPECT_NEAR(found.at("client_verify"), 48, 1e-9);
  EXPECT_NEAR(found.at("hash_per_kilobyte"), 0.7, 1e-9);
  EXPECT_NEAR(found.at("execute_transaction"), 10 + 0.5 + 1.5, 1e-9);  // at a million records
  EXPECT_NEAR(found.at("admit_transaction"), 30, 1e-9);
  EXPECT_NEAR(found.at("sync"), 266, 1e-9);
  EXPECT_NEAR(found.at("write"), 8'000, 1e-6);
  EXPECT_NEAR(found.at("read"), 16'000, 1e-6);
}

TEST(ProfileFields, OfAnotherSchemeHaveItsSignaturesAndItsHash) {
  const auto fields = profile_fields(known(), SignatureScheme::kSm2);
  ASSERT_TRUE(fields.ok());
  const std::map<std::string, double> found = values(*fields);
  EXPECT_NEAR(found.at("sign"), 70, 1e-9);
  EXPECT_NEAR(found.at("verify"), 200, 1e-9);
  EXPECT_NEAR(found.at("client_verify"), 203, 1e-9);
  EXPECT_NEAR(found.at("hash_per_kilobyte"), 2.6, 1e-9);
}

TEST(ProfileFields, LieBetweenTheirQuartiles) {
  const auto fields = profile_fields(known(), SignatureScheme::kEd25519);
  ASSERT_TRUE(fields.ok());
  for (const ProfileField& field : *fields) {
    EXPECT_LT(field.low, field.value) << field.key;
    EXPECT_GT(field.high, field.value) << field.key;
  }
}

TEST(ProfileFields, AreNotMadeUpWhereARowIsMissing) {
  Calibration calibration = known();
  Figures without;
  for (const auto& [name, row] : calibration.figures.rows()) {
    if (name.what == "admit") continue;
    put(without, row.kind, name.what, name.of, std::llround(row.spread().median * 1'000));
  }
  calibration.figures = without;
  const auto fields = profile_fields(calibration, SignatureScheme::kEd25519);
  ASSERT_FALSE(fields.ok());
  EXPECT_EQ(fields.error().where, "admit_transaction");
  EXPECT_EQ(fields.error().message, "was not measured: admit (HTTP)");
  EXPECT_FALSE(profile_json(calibration, {.id = "x"}).ok());
  EXPECT_FALSE(calibration_text(calibration, {.id = "x"}).ok());
}

TEST(Profile, IsReadBackAsItWasMeasured) {
  Calibration calibration = known();
  calibration.skipped.push_back({"execute with 10000000 records", "no memory"});
  const auto text = profile_json(calibration, {.id = "here"});
  ASSERT_TRUE(text.ok()) << text.error().message;
  const auto path = std::filesystem::temp_directory_path() /
                    ("govchain-written-" + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << *text;
  const auto read = scenarios::load_profile_file(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->id, "here");
  EXPECT_EQ(read->cores, 2U);
  EXPECT_EQ(read->memory, consensus::Bytes(1U << 30U));
  EXPECT_EQ(read->costs.message_receive, Duration::microseconds(11));
  EXPECT_EQ(read->costs.hash_per_kilobyte, Duration::nanoseconds(700));
  EXPECT_EQ(read->disk.sync, Duration::microseconds(266));
  EXPECT_EQ(read->disk.write_rate, consensus::Rate::bits_per_second(8'000'000'000));
}

TEST(CalibrationText, CallsANoisyCalibrationNoisy) {
  Calibration calibration = known();
  const ProfileChoice choice{.id = "here"};
  EXPECT_NE(calibration_text(calibration, choice)->find("\nquiet: "), std::string::npos);
  calibration.quiet.reasons.push_back("load 7.0 before it began, on 2 cores");
  const std::string noisy = *calibration_text(calibration, choice);
  EXPECT_NE(noisy.find("\nNOISY: load 7.0"), std::string::npos);
  EXPECT_NE(profile_json(calibration, choice)->find("while it was busy: rough figures"),
            std::string::npos);
}

TEST(CalibrationText, SaysWhatWasLeftOut) {
  Calibration calibration = known();
  calibration.skipped.push_back({"execute with 10000000 records", "no memory"});
  EXPECT_NE(calibration_text(calibration, {.id = "here"})
                ->find("not measured: execute with 10000000 records: no memory"),
            std::string::npos);
}

}  // namespace
}  // namespace govchain::analysis
