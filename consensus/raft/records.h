#pragma once
// What Raft writes ahead.
//
//   HardState    term, vote and (for a faster restart) commit index; the last one counts.
//   Entry        the block of one height. The log is append-only, so a conflict is resolved by
//                position: an entry for height h replaces whatever earlier records say about h and
//                everything above it.
//   Base         term and configuration at a stable checkpoint, so that earlier records may go.
//   Installation the same for a snapshot that is about to be installed: it counts at recovery if
//                the state reached its height, and then replaces every entry before it that does
//                not agree with it.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/log_record.h"
#include "consensus/pool.h"
#include "consensus/raft/configuration_history.h"
#include "consensus/types.h"

namespace govchain::consensus::raft {

enum class RecordType : uint8_t { kHardState = 1, kEntry = 2, kBase = 3, kInstallation = 4 };

struct HardState {
  View term;
  std::optional<ReplicaId> vote;
  Height commit;
  friend bool operator==(const HardState&, const HardState&) = default;
};

struct BaseRecord {
  Height height;
  View term;
  Height store_from;   // lowest height in the replica's own block store
  Height window_from;  // heights from here on up to `height` are covered by `committed`
  ConfigurationEntry configuration;
  std::vector<Digest> committed;  // payloads ordered lately, oldest first
};

// Digests that travel with a snapshot, at most: two megabytes.
inline constexpr uint32_t kMaxWindowDigests = 1U << 16U;
// Digests in a Base record, at most: 128 kB beside the blocks of a whole checkpoint interval.
inline constexpr uint32_t kMaxBaseDigests = 1U << 12U;

[[nodiscard]] Ref<LogRecord> make_hard_state_record(const HardState& state);
[[nodiscard]] Ref<LogRecord> make_entry_record(BlockRef block);
[[nodiscard]] Ref<LogRecord> make_base_record(RecordType type, const BaseRecord& base);
// Nullopt if the record does not decode.
[[nodiscard]] std::optional<HardState> read_hard_state(const LogRecord& record);
[[nodiscard]] std::optional<BaseRecord> read_base(const LogRecord& record);

void encode_digests(const std::vector<Digest>& digests, Writer& out);
[[nodiscard]] std::vector<Digest> decode_digests(Reader& in);

}  // namespace govchain::consensus::raft
