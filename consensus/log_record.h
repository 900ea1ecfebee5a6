#pragma once
// What an engine writes ahead of acting. A record is opaque to the log: the log adds framing,
// version and checksum.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/pool.h"
#include "consensus/units.h"

namespace govchain::consensus {

class LogRecord : public Counted {
 public:
  uint8_t type = 0;  // the engine's own enumeration; unknown types are an error at recovery
  std::vector<uint8_t> bytes;  // canonical encoding of everything but the two references below
  BlockRef block;              // stored whole with the record, if set
  CertificateRef certificate;  // likewise

  // What encode_record (consensus/codec.h) makes of it, payload sizes of cohorts included, without
  // the log's own framing. A test compares the two.
  [[nodiscard]] Bytes size() const {
    uint64_t total = 6 + bytes.size();
    if (block)
      total +=
          44 + block->payload_size().count() + 44 * block->payloads.size() + block->control.size();
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
    // Most records are small; one that was large, once a checkpoint, must not stay so in the pool.
    constexpr size_t kKeptBytes = 4'096;
    if (bytes.capacity() > kKeptBytes) {
      bytes = std::vector<uint8_t>();  // not {}, which keeps the room
    } else {
      bytes.clear();
    }
    block.reset();
    certificate.reset();
  }
};
using LogRecordRef = Ref<const LogRecord>;

}  // namespace govchain::consensus
