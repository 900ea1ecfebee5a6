#pragma once
// What a client is told of what it submitted.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "consensus/application.h"
#include "consensus/certificate.h"
#include "consensus/time.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

enum class Outcome : uint8_t {
  kPending,  // handed to the replica, not final yet
  kFinal,    // in a final block, which was executed here
  kOrdered,  // the state says that a block held it; that block is not here
  kUnknown,  // it may have been ordered: look it up, or submit the same bytes again
  kRefused,  // this submission does not get it ordered
  kMissing,  // asked for by an id that is neither pending nor remembered here
};

// Why an outcome is kRefused or kUnknown.
enum class Cause : uint8_t {
  kNone,
  // Refused
  kOversize,  // more bytes or transactions than a block may have, or none
  kForged,    // it does not decode, or a client's signature in it is not good
  kFull,      // too much waits already: try again
  kNoLeader,  // nobody orders it at present: try again
  kWitness,   // this replica keeps no payloads: another one takes them
  kDraining,  // this replica is about to end
  kStopped,   // this replica has stopped; of what was pending: unknown
  // Unknown
  kDuplicate,  // pending by another way, or ordered longer ago than is remembered here
  kOvertaken,  // a state fetched from others stands for the blocks that may have held it
  kExpired,    // nothing was heard of it for long
};
inline constexpr size_t kCauses = 11;

struct Answer {
  Digest id;
  Outcome outcome = Outcome::kPending;
  Cause cause = Cause::kNone;
  // Of kFinal, and of kOrdered as far as the state knows.
  std::optional<Height> height;
  uint32_t index = 0;  // among the block's payloads
  // One for each of its transactions. Null if the application does not say which are whose.
  std::optional<std::vector<Receipt>> receipts;
  CertificateRef certificate;  // of the block; null where the protocol makes none
  // Of a refusal that may be different later; zero otherwise.
  Duration try_again_after;
};

[[nodiscard]] std::string_view name_of(Outcome outcome);
[[nodiscard]] std::string_view name_of(Cause cause);

}  // namespace govchain::consensus::node
