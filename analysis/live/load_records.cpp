#include "analysis/live/load_records.h"

#include <span>

#include "consensus/codec.h"
#include "consensus/node/files/descriptor.h"

namespace govchain::analysis::live {

using consensus::Bytes;
using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Reader;
using consensus::Result;
using consensus::Status;
using consensus::Writer;

namespace {

constexpr uint64_t kMagic = 0x32'6461'6f6c'7667;  // "gvload2"
constexpr size_t kLargestFile = size_t{8} << 30U;
constexpr size_t kTransactionBytes = 8 + 4 + 2;
constexpr size_t kSubmissionBytes = 32 + 3 * 4 + 4 * 8 + 1 + 8 + 4;
constexpr size_t kReadBytes = 4 + 8 + 2 * 8 + 1 + 1 + 8;

void put(Writer& out, Duration duration) { out.i64(duration.nanoseconds()); }
Duration duration_from(Reader& in) { return Duration::nanoseconds(in.i64()); }

void encode(const SubmissionRecord& record, Writer& out) {
  out.digest(record.payload);
  out.u32(record.ingress);
  out.u32(record.answered_by);
  out.u32(record.attempts);
  put(out, record.due);
  put(out, record.sent);
  put(out, record.answered);
  put(out, record.access_delay);
  out.u8(static_cast<uint8_t>(record.fate));
  out.ordinal(record.height);
  out.u32(static_cast<uint32_t>(record.transactions.size()));
  for (const TransactionRecord& one : record.transactions) {
    put(out, one.intended);
    out.u32(one.service);
    out.u16(one.receipt);
  }
}

bool decode(Reader& in, SubmissionRecord& record) {
  record.payload = in.digest();
  record.ingress = in.u32();
  record.answered_by = in.u32();
  record.attempts = in.u32();
  record.due = duration_from(in);
  record.sent = duration_from(in);
  record.answered = duration_from(in);
  record.access_delay = duration_from(in);
  const uint8_t fate = in.u8();
  record.height = in.ordinal<consensus::Height>();
  const uint32_t count = in.u32();
  if (!in.ok() || fate > static_cast<uint8_t>(Fate::kRefused) ||
      count > in.remaining() / kTransactionBytes) {
    return false;
  }
  record.fate = static_cast<Fate>(fate);
  record.transactions.resize(count);
  for (TransactionRecord& one : record.transactions) {
    one.intended = duration_from(in);
    one.service = in.u32();
    one.receipt = in.u16();
  }
  return in.ok();
}

void encode(const ReadRecord& record, Writer& out) {
  out.u32(record.replica);
  out.u64(record.submission);
  put(out, record.called);
  put(out, record.answered);
  out.u8(static_cast<uint8_t>(record.fate));
  out.u8(record.present ? 1 : 0);
  out.ordinal(record.height);
}

bool decode(Reader& in, uint64_t submissions, ReadRecord& record) {
  record.replica = in.u32();
  record.submission = in.u64();
  record.called = duration_from(in);
  record.answered = duration_from(in);
  const uint8_t fate = in.u8();
  const uint8_t present = in.u8();
  record.height = in.ordinal<consensus::Height>();
  if (!in.ok() || fate > static_cast<uint8_t>(ReadFate::kRefused) || present > 1) return false;
  record.fate = static_cast<ReadFate>(fate);
  record.present = present == 1;
  return record.submission < submissions;
}

}  // namespace

Status write_records(const std::string& path, const LoadRecords& records) {
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  out.u64(kMagic);
  out.u64(records.payload_bytes.count());
  out.u64(records.connections);
  put(out, records.cpu);
  out.u64(records.submissions.size());
  for (const SubmissionRecord& record : records.submissions) encode(record, out);
  out.u64(records.reads.size());
  for (const ReadRecord& record : records.reads) encode(record, out);
  return consensus::node::replace_file(
      path, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

Result<LoadRecords> read_records(const std::string& path) {
  const Result<std::string> text = consensus::node::read_file(path, kLargestFile);
  if (!text) return text.error();
  Reader in(std::span(reinterpret_cast<const uint8_t*>(text->data()), text->size()));
  const Error broken{ErrorCode::kCorrupt, "these are no whole records of a load", path};
  if (in.u64() != kMagic) return broken;
  LoadRecords records;
  records.payload_bytes = Bytes(in.u64());
  records.connections = in.u64();
  records.cpu = duration_from(in);
  const uint64_t count = in.u64();
  if (!in.ok() || count > in.remaining() / kSubmissionBytes) return broken;
  records.submissions.resize(count);
  for (SubmissionRecord& record : records.submissions) {
    if (!decode(in, record)) return broken;
  }
  const uint64_t reads = in.u64();
  if (!in.ok() || reads > in.remaining() / kReadBytes) return broken;
  records.reads.resize(reads);
  for (ReadRecord& record : records.reads) {
    if (!decode(in, count, record)) return broken;
  }
  if (!in.finished()) return broken;
  return records;
}

}  // namespace govchain::analysis::live
