#pragma once
// What every engine built on ChainEngine writes ahead. A protocol's own record types are 1 … 127.
//
//   Committed  a certificate; with the block if no earlier record has it
//   Window     digests of the payloads ordered last, at each stable checkpoint: a replica that
//   forgot
//              them would let them be ordered again
//   Epoch      a block that changed the membership, with its certificate: whoever comes later can
//   be
//              shown how the members of one epoch named those of the next
//   Batch      a batch that this replica acknowledges, with its bytes

#include <cstdint>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/log_record.h"
#include "consensus/types.h"

namespace govchain::consensus::chain {

enum class CommonRecord : uint8_t { kCommitted = 128, kWindow = 129, kEpoch = 130, kBatch = 131 };
static_assert(static_cast<uint8_t>(CommonRecord::kBatch) == kBatchRecord);
inline constexpr uint8_t kFirstCommonRecord = 128;

[[nodiscard]] Ref<LogRecord> make_committed_record(CertificateRef certificate, BlockRef block);
[[nodiscard]] Ref<LogRecord> make_window_record(const std::vector<Digest>& digests);
[[nodiscard]] Ref<LogRecord> make_epoch_record(CertificateRef certificate, BlockRef block);
[[nodiscard]] Ref<LogRecord> make_batch_record(BlockRef batch);

}  // namespace govchain::consensus::chain
