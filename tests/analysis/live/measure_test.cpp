// Clients' records, counted as a simulation counts.

#include "analysis/live/measure.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "analysis/live/node_figures.h"

namespace govchain::analysis::live {
namespace {

using consensus::Duration;

sim::WorldSpec a_world() {
  sim::WorldSpec world;
  world.duration = Duration::seconds(10);
  world.warmup = Duration::seconds(2);
  world.client_timeout = Duration::seconds(3);
  world.services = {"one"};
  return world;
}

SubmissionRecord sent_at(Duration at, Fate fate, Duration answered, uint16_t receipt = 0) {
  SubmissionRecord record;
  record.due = at;
  record.sent = at;
  record.attempts = 1;
  record.fate = fate;
  record.answered = answered;
  record.transactions = {{at, 0, receipt}};
  return record;
}

struct Measured {
  sim::ChainResult chain;
  std::vector<sim::ServiceResult> services;
  LoadQuality quality;
};

Measured measured(const std::vector<SubmissionRecord>& submissions) {
  Measured out;
  LoadRecords records;
  records.submissions = submissions;
  measure_clients(a_world(), records, out.chain, out.services, out.quality);
  return out;
}

TEST(Measure, EveryTransactionOfTheWindowHasOneFate) {
  const auto s = [](int64_t seconds) { return Duration::seconds(seconds); };
  const auto ms = [](int64_t count) { return Duration::milliseconds(count); };
  const Measured out = measured({
      sent_at(s(1), Fate::kAcknowledged, ms(1'100)),     // before the window
      sent_at(s(3), Fate::kAcknowledged, ms(3'040)),     // committed
      sent_at(s(4), Fate::kAcknowledged, ms(4'100), 7),  // refused by a contract
      sent_at(s(4), Fate::kRefused, ms(4'001)),          // refused at the door
      sent_at(s(4), Fate::kAcknowledged, ms(7'500)),     // later than the client's patience
      sent_at(s(5), Fate::kOpen, {}),                    // never
      sent_at(s(9), Fate::kAcknowledged, ms(10'500)),    // after the end
  });
  const sim::TransactionCounts& counts = out.chain.transactions;
  EXPECT_EQ(counts.submitted, 6U);
  EXPECT_EQ(counts.committed, 1U);
  EXPECT_EQ(counts.refused, 2U);
  EXPECT_EQ(counts.timed_out, 2U);
  EXPECT_EQ(counts.in_flight, 1U);
  EXPECT_EQ(out.chain.latency.count(), 1U);
  EXPECT_EQ(out.chain.latency.maximum(), ms(40));
  EXPECT_EQ(out.services[0].completed, 1U);
}

TEST(Measure, LatencyCountsFromTheIntendedTimeAndBothWaysToTheReplica) {
  SubmissionRecord record =
      sent_at(Duration::seconds(3), Fate::kAcknowledged, Duration::milliseconds(3'050));
  record.access_delay = Duration::milliseconds(5);
  record.transactions[0].intended = Duration::milliseconds(2'900);
  EXPECT_EQ(measured({record}).chain.latency.maximum(), Duration::milliseconds(155));
}

TEST(Measure, LoadThatWasNotSentInTheWindowIsMissing) {
  SubmissionRecord late =
      sent_at(Duration::seconds(9), Fate::kAcknowledged, Duration::milliseconds(10'600));
  late.sent = Duration::milliseconds(10'100);
  const Measured out = measured(
      {late, sent_at(Duration::seconds(3), Fate::kAcknowledged, Duration::milliseconds(3'010))});
  EXPECT_DOUBLE_EQ(out.quality.achieved, 0.5);
  EXPECT_EQ(out.quality.lag.count(), 1U);
}

TEST(LoadRecords, AreReadBackAsTheyWereWritten) {
  LoadRecords records;
  records.connections = 5;
  records.submissions = {
      sent_at(Duration::seconds(3), Fate::kAcknowledged, Duration::milliseconds(3'010), 9)};
  records.submissions[0].height = consensus::Height(12);
  records.submissions[0].payload.bytes[3] = 8;
  records.reads = {{2, 0, Duration::seconds(1), Duration::seconds(2), ReadFate::kAnswered, true,
                    consensus::Height(11)}};
  const std::string path =
      (std::filesystem::temp_directory_path() / ("records-" + std::to_string(::getpid()))).string();
  ASSERT_TRUE(write_records(path, records).ok());
  const auto read = read_records(path);
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->submissions.size(), 1U);
  EXPECT_EQ(read->connections, 5U);
  const SubmissionRecord& one = read->submissions[0];
  EXPECT_EQ(one.payload, records.submissions[0].payload);
  EXPECT_EQ(one.height, consensus::Height(12));
  EXPECT_EQ(one.answered, Duration::milliseconds(3'010));
  EXPECT_EQ(one.transactions[0].receipt, 9);
  ASSERT_EQ(read->reads.size(), 1U);
  EXPECT_EQ(read->reads[0].replica, 2U);
  EXPECT_EQ(read->reads[0].answered, Duration::seconds(2));
  EXPECT_EQ(read->reads[0].fate, ReadFate::kAnswered);
  EXPECT_TRUE(read->reads[0].present);
  EXPECT_EQ(read->reads[0].height, consensus::Height(11));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  EXPECT_EQ(read_records(path).error().code, consensus::ErrorCode::kCorrupt);
  std::filesystem::remove(path);
}

TEST(LoadRecords, AReadOfAPayloadThatIsNotThereIsNoRecord) {
  LoadRecords records;
  records.reads = {{0, 0, {}, {}, ReadFate::kAnswered, true, consensus::Height(11)}};
  const std::string path =
      (std::filesystem::temp_directory_path() / ("records-" + std::to_string(::getpid()))).string();
  ASSERT_TRUE(write_records(path, records).ok());
  EXPECT_EQ(read_records(path).error().code, consensus::ErrorCode::kCorrupt);
  std::filesystem::remove(path);
}

TEST(Reads, AreCountedWithinTheWindow) {
  LoadRecords records;
  const auto read = [](int64_t seconds, ReadFate fate) {
    return ReadRecord{
        0,    0,     Duration::seconds(seconds), Duration::milliseconds(seconds * 1000 + 7),
        fate, false, consensus::Height(1)};
  };
  records.reads = {read(1, ReadFate::kAnswered), read(3, ReadFate::kAnswered),
                   read(4, ReadFate::kRefused), read(5, ReadFate::kOpen),
                   read(10, ReadFate::kAnswered)};
  const ReadUse use = measure_reads(a_world(), records);
  EXPECT_EQ(use.asked, 3U);
  EXPECT_EQ(use.answered, 1U);
  EXPECT_EQ(use.refused, 1U);
  EXPECT_EQ(use.latency.count(), 1U);
}

TEST(NodeFigures, AreFoundByNameAndLabel) {
  const NodeFigures figures = figures_of(
      "# HELP x y\n"
      "govchain_engine_inputs_dropped_total{reason=\"forged\"} 3\n"
      "govchain_engine_inputs_dropped_total{reason=\"stale\"} 4\n"
      "govchain_engine_committed_blocks_total 120\n"
      "govchain_engine_committed_height 119\n"
      "govchain_transport_bytes_sent_total 1.5e+06\n");
  EXPECT_EQ(figures.counters.forged, 3U);
  EXPECT_EQ(figures.counters.stale, 4U);
  EXPECT_EQ(figures.counters.committed_blocks, 120U);
  EXPECT_EQ(figures.committed_height, 119U);
  EXPECT_EQ(figures.bytes_sent, 1'500'000U);
}

}  // namespace
}  // namespace govchain::analysis::live
