#include "analysis/live/read_client.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "consensus/node/client/bytes_text.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Height;
using nlohmann::json;

namespace {

// Half of the reads are of what is just being ordered, where a stale answer shows.
constexpr uint64_t kNewest = 64;
constexpr uint64_t kRecent = 4'096;

// An answer without a height, or another than "it is there" or "it is not", is no answer.
void take_answer(unsigned code, const std::string& body, ReadRecord& record) {
  constexpr unsigned kThere = 200;
  constexpr unsigned kNotThere = 404;
  record.fate = ReadFate::kRefused;
  if (code != kThere && code != kNotThere) return;
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object()) return;
  const auto height = answer.find("height");
  if (height == answer.end() || !height->is_number_unsigned()) return;
  record.fate = ReadFate::kAnswered;
  record.present = code == kThere;
  record.height = Height(height->get<uint64_t>());
}

}  // namespace

ReadClients::ReadClients(boost::asio::io_context& context, const ReadPlan& plan, Targets targets,
                         const std::deque<Offered>& offered, std::function<size_t()> due,
                         Clock::time_point start, Duration end, std::vector<ReadRecord>& records)
    : plan_(plan),
      offered_(offered),
      due_(std::move(due)),
      start_(start),
      end_(end),
      records_(records),
      random_(plan.seed, sim::RandomPurpose::kExperiment, 0),
      timer_(context),
      pool_(context, *this,
            {std::move(targets.ports), targets.connections_per_replica, targets.patience,
             targets.avoid_for}) {
  if (plan_.per_second > 0) await_next();
}

Duration ReadClients::now() const {
  return Duration::nanoseconds(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count());
}

void ReadClients::await_next() {
  constexpr int64_t kNanoseconds = 1'000'000'000;
  const auto at = Duration::nanoseconds(static_cast<int64_t>(ticks_) * kNanoseconds /
                                        static_cast<int64_t>(plan_.per_second));
  if (at >= end_) return;
  timer_.expires_at(start_ + std::chrono::nanoseconds(at.nanoseconds()));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    read();
    ++ticks_;
    await_next();
  });
}

void ReadClients::read() {
  const size_t due = due_();
  if (due == 0) return;
  const uint64_t window = std::min<uint64_t>(due, random_.below(2) == 0 ? kNewest : kRecent);
  ReadRecord record;
  record.submission = due - 1 - random_.below(window);
  record.called = now();
  const uint32_t count = pool_.replicas();
  const auto first = static_cast<uint32_t>(ticks_ % count);
  for (uint32_t i = 0; i < count; ++i) {
    record.replica = (first + i) % count;
    if (pool_.is_avoided(record.replica)) continue;
    records_.push_back(record);
    ++open_;
    return pool_.send(records_.size() - 1, record.replica);
  }
  record.fate = ReadFate::kRefused;
  records_.push_back(record);
}

void ReadClients::on_try(size_t number) { records_[number].called = now(); }

PoolRequest ReadClients::request(size_t number) {
  const TransactionName& wanted = offered_[records_[number].submission].first;
  json query = {{"query", "transaction"},
                {"id", consensus::node::to_hex(wanted.id.bytes)},
                {"expiry", wanted.expiry}};
  if (plan_.local) query["consistency"] = "local";
  const std::string body = query.dump();
  return {
      "POST /v1/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
          std::to_string(body.size()) + "\r\n\r\n" + body,
      {}};
}

void ReadClients::on_answer(size_t number, uint32_t /*replica*/, unsigned code,
                            const std::string& body) {
  take_answer(code, body, records_[number]);
  records_[number].answered = now();
  --open_;
}

// Who reads does not ask again: another read comes soon.
void ReadClients::on_no_answer(size_t number, uint32_t /*replica*/, bool /*tried*/) {
  records_[number].answered = now();
  --open_;
}

}  // namespace govchain::analysis::live
