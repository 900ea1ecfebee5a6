#include "consensus/hotstuff/records.h"

#include <utility>

#include "consensus/fixed_writer.h"

namespace govchain::consensus::hotstuff {

namespace {

constexpr size_t kPromiseBytes = 7 * 8 + sizeof(Digest);

void encode_promise(const Promise& promise, Writer& to) {
  FixedWriter<kPromiseBytes> out;
  out.ordinal(promise.epoch);
  out.ordinal(promise.voted);
  out.ordinal(promise.given_up);
  out.ordinal(promise.given_up_highest);
  out.ordinal(promise.locked_view);
  out.digest(promise.locked);
  out.ordinal(promise.may_be_final);
  out.ordinal(promise.may_be_final_view);
  to.raw(out.bytes());
}

Promise decode_promise(Reader& in) {
  Promise promise;
  promise.epoch = in.ordinal<Epoch>();
  promise.voted = in.ordinal<View>();
  promise.given_up = in.ordinal<View>();
  promise.given_up_highest = in.ordinal<View>();
  promise.locked_view = in.ordinal<View>();
  promise.locked = in.digest();
  promise.may_be_final = in.ordinal<Height>();
  promise.may_be_final_view = in.ordinal<View>();
  return promise;
}

}  // namespace

// The certificate of the parent stands beside the bytes, as the record's own.
Ref<LogRecord> make_node_record(const Promise& promise, const Node& node) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(RecordType::kNode);
  record->block = node.block;
  record->certificate = node.justify;
  Writer out(record->bytes);
  encode_promise(promise, out);
  out.ordinal(node.header.view);
  out.signature(node.proposal ? node.proposal->signature : Signature{});
  encode_body(ProposalBody{node.header.parent, {}, node.timeout}, record->bytes);
  return record;
}

Ref<LogRecord> make_promise_record(const Promise& promise, CertificateRef highest,
                                   const TimeoutCertificate* failed) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(RecordType::kPromise);
  record->certificate = std::move(highest);
  Writer out(record->bytes);
  encode_promise(promise, out);
  if (failed != nullptr) encode_timeout_certificate(*failed, out);
  return record;
}

std::optional<RecoveredPromise> read_promise(const LogRecord& record) {
  Reader in(record.bytes);
  RecoveredPromise read;
  read.promise = decode_promise(in);
  if (in.ok() && in.remaining() > 0) read.failed = decode_timeout_certificate(in);
  if (!in.finished()) return std::nullopt;
  return read;
}

std::optional<RecoveredNode> read_node(const LogRecord& record) {
  if (!record.block) return std::nullopt;
  Reader in(record.bytes);
  RecoveredNode node;
  node.promise = decode_promise(in);
  node.view = in.ordinal<View>();
  node.signature = in.signature();
  std::optional<ProposalBody> body = decode_proposal(in.raw(in.remaining()));
  if (!in.ok() || !body || body->justify) return std::nullopt;
  node.body = std::move(*body);
  node.body.justify = record.certificate;
  return node;
}

}  // namespace govchain::consensus::hotstuff
