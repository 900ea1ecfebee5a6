#pragma once
// What an engine writes ahead of acting. A record is opaque to the log: the log adds framing,
// version and checksum.

#include <cstdint>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/kept_room.h"
#include "consensus/pool.h"
#include "consensus/units.h"

namespace govchain::consensus {

// Type of the record of a batch that this replica vouches for (consensus/chain/records.h), the same
// in every protocol: its block is none that anybody proposed.
inline constexpr uint8_t kBatchRecord = 131;

class LogRecord : public Counted {
 public:
  uint8_t type = 0;  // the engine's own enumeration; unknown types are an error at recovery
  std::vector<uint8_t> bytes;  // canonical encoding of everything but the two references below
  BlockRef block;              // stored with the record, if set; by its names if it proves that
                               // their bytes can be had (Block::availability), else whole
  CertificateRef certificate;  // likewise

  // What encode_record (consensus/codec.h) makes of it, payload sizes of cohorts included, without
  // the log's own framing. A test compares the two.
  [[nodiscard]] Bytes size() const {
    uint64_t total = 6 + bytes.size();
    if (block) {
      total += 44 + 44 * block->payloads.size() + block->control.size();
      total += block->availability.empty() ? block->payload_size().count()
                                           : 4 + block->availability.size();
    }
    if (certificate) {
      total += 70 + 68 * certificate->signers.size();
      if (certificate->statement.version != kOldestProtocolVersion) total += 2;
      if (certificate->statement.protocol == Protocol::kHotstuff) {
        total += 4 + certificate->link.size();
      }
    }
    return Bytes(total);
  }
  void recycle() {
    type = 0;
    // Most records are small.
    clear_for_reuse(bytes, 4'096);
    block.reset();
    certificate.reset();
  }
};
using LogRecordRef = Ref<const LogRecord>;

}  // namespace govchain::consensus
