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
//   WitnessEntry, WitnessBase
//                what a witness has instead: entries by digest, and where its log begins. A base
//                counts by itself, because a witness has no state that would have to reach it.

#include <cstdint>
#include <optional>
#include <vector>

#include "consensus/crypto/hash.h"
#include "consensus/log_record.h"
#include "consensus/pool.h"
#include "consensus/raft/configuration_history.h"
#include "consensus/types.h"

namespace govchain::consensus::raft {

enum class RecordType : uint8_t {
  kHardState = 1,
  kEntry = 2,
  kBase = 3,
  kInstallation = 4,
  kWitnessEntry = 5,
  kWitnessBase = 6
};

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

struct WitnessBase {
  Height height;
  View term;
  bool keeps_above = false;  // entries above `height` that were written before stay valid
  ConfigurationEntry configuration;
};

// Digests that travel with a snapshot, at most: two megabytes.
inline constexpr uint32_t kMaxWindowDigests = 1U << 16U;
// Digests in a Base record, at most: 128 kB beside the blocks of a whole checkpoint interval.
inline constexpr uint32_t kMaxBaseDigests = 1U << 12U;

[[nodiscard]] Ref<LogRecord> make_hard_state_record(const HardState& state);
[[nodiscard]] Ref<LogRecord> make_entry_record(BlockRef block);
[[nodiscard]] Ref<LogRecord> make_base_record(RecordType type, const BaseRecord& base);
[[nodiscard]] Ref<LogRecord> make_witness_entry(const Block& block);
[[nodiscard]] Ref<LogRecord> make_witness_base(const WitnessBase& base);
// Nullopt if the record does not decode.
[[nodiscard]] std::optional<HardState> read_hard_state(const LogRecord& record);
[[nodiscard]] std::optional<BaseRecord> read_base(const LogRecord& record);
[[nodiscard]] std::optional<WitnessBase> read_witness_base(const LogRecord& record);
// Null if it does not decode. Its payloads are digests and sizes only.
[[nodiscard]] BlockRef read_witness_entry(HashAlgorithm algorithm, const LogRecord& record);
[[nodiscard]] bool is_of_witness(const LogRecord& record);

void encode_digests(const std::vector<Digest>& digests, Writer& out);
[[nodiscard]] std::vector<Digest> decode_digests(Reader& in);

}  // namespace govchain::consensus::raft
