#pragma once
// How a record lies in a log: length, checksum, version and ticket before its encoding. Shared by
// everything that stores records as bytes.

#include <cstdint>
#include <span>
#include <vector>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/log_record.h"
#include "consensus/result.h"
#include "consensus/types.h"
#include "consensus/write_ahead_log.h"

namespace govchain::consensus {

// 4 bytes length of the record's encoding, 4 bytes CRC-32C of everything after them, 2 bytes
// version of the rules that the record needs (version_of), 8 bytes ticket.
inline constexpr uint64_t kLogFrameBytes = 18;

// CRC-32C (Castagnoli, RFC 3720 appendix B.4), as file systems and LevelDB's log use it.
// `before`: of what precedes them, for a checksum that is made piece by piece.
[[nodiscard]] uint32_t crc32c(std::span<const uint8_t> bytes, uint32_t before = 0);

// Appends one frame to `out`.
void encode_frame(Ticket ticket, const LogRecord& record, std::vector<uint8_t>& out);

// One frame from the front of `bytes`. kCorrupt if it is cut off or its checksum does not match
// (`where` says how far it was readable), kUnsupported if its version is unknown (newer
// software has written it: the log is whole, and must be left as it is), kMalformed if the
// checksum is right and the record is not.
struct Frame {
  LoggedRecord logged;
  size_t length = 0;  // bytes that it took
};
[[nodiscard]] Result<Frame> decode_frame(HashAlgorithm algorithm, std::span<const uint8_t> bytes,
                                         Cohorts cohorts = Cohorts::kRefused);

}  // namespace govchain::consensus
