#include "consensus/chain/records.h"

#include <utility>

#include "consensus/chain/messages.h"

namespace govchain::consensus::chain {

namespace {

Ref<LogRecord> new_record(CommonRecord type) {
  Ref<LogRecord> record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(type);
  return record;
}

}  // namespace

Ref<LogRecord> make_committed_record(CertificateRef certificate, BlockRef block) {
  Ref<LogRecord> record = new_record(CommonRecord::kCommitted);
  record->certificate = std::move(certificate);
  record->block = std::move(block);
  return record;
}

Ref<LogRecord> make_window_record(const std::vector<Digest>& digests) {
  Ref<LogRecord> record = new_record(CommonRecord::kWindow);
  encode_digests(digests, record->bytes);
  return record;
}

Ref<LogRecord> make_epoch_record(CertificateRef certificate, BlockRef block) {
  Ref<LogRecord> record = new_record(CommonRecord::kEpoch);
  record->certificate = std::move(certificate);
  record->block = std::move(block);
  return record;
}

Ref<LogRecord> make_batch_record(BlockRef batch) {
  Ref<LogRecord> record = new_record(CommonRecord::kBatch);
  record->block = std::move(batch);
  return record;
}

}  // namespace govchain::consensus::chain
