#pragma once
// The version of the rules that a chain follows. It is part of an epoch's membership, so that all
// replicas change it at the same height, and counts up from 1 without gaps. README.md, "Upgrades",
// says how a chain gets to the next one.
//
//   1  what chains begin with unless their genesis says otherwise
//   2  signatures cover the version, so that one made under version 1 proves nothing under 2; and
//      proposals may name their payloads instead of carrying them

#include <cstdint>
#include <string>

namespace govchain::consensus {

enum class ProtocolVersion : uint16_t { k1 = 1, k2 = 2 };

inline constexpr ProtocolVersion kOldestProtocolVersion = ProtocolVersion::k1;
inline constexpr ProtocolVersion kNewestProtocolVersion = ProtocolVersion::k2;  // of this code
// From which on proposals may name their payloads (ProposalBodies::kByDigest, kCertified).
inline constexpr ProtocolVersion kProposalsByDigestSince = ProtocolVersion::k2;

[[nodiscard]] constexpr uint16_t number_of(ProtocolVersion version) {
  return static_cast<uint16_t>(version);
}
[[nodiscard]] constexpr ProtocolVersion next_version(ProtocolVersion version) {
  return static_cast<ProtocolVersion>(number_of(version) + 1);
}
// Whether a chain at `present` may have `next` in its next epoch: the same, or one more. Never
// less, because what newer rules have written older ones cannot read; and one at a time, because
// code for a version has to know how it follows from the one before, and from no other.
[[nodiscard]] constexpr bool may_follow(ProtocolVersion present, ProtocolVersion next) {
  return next == present || (number_of(present) < UINT16_MAX && next == next_version(present));
}
// Whether this code knows rules, messages or log records of this number.
[[nodiscard]] constexpr bool is_known_version(uint16_t number) {
  return number >= number_of(kOldestProtocolVersion) && number <= number_of(kNewestProtocolVersion);
}
// "1 to 2", for messages to people.
[[nodiscard]] inline std::string known_versions() {
  return std::to_string(number_of(kOldestProtocolVersion)) + " to " +
         std::to_string(number_of(kNewestProtocolVersion));
}

}  // namespace govchain::consensus
