#pragma once
// The nouns of the protocols. Each is its own type: a View does not convert to a Height.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace govchain::consensus {

// A counter with a name. Arithmetic is limited to what a protocol does with counters.
template <typename Tag>
class Ordinal {
 public:
  constexpr Ordinal() = default;
  constexpr explicit Ordinal(uint64_t value) : value_(value) {}
  [[nodiscard]] constexpr uint64_t value() const { return value_; }
  [[nodiscard]] constexpr Ordinal next() const { return Ordinal(value_ + 1); }
  friend constexpr auto operator<=>(Ordinal, Ordinal) = default;
  friend constexpr Ordinal operator+(Ordinal a, uint64_t steps) {
    return Ordinal(a.value_ + steps);
  }
  constexpr Ordinal& operator++() {
    ++value_;
    return *this;
  }

 private:
  uint64_t value_ = 0;
};

using View =
    Ordinal<struct ViewTag>;  // PBFT's view, Raft's term, Tendermint's round, HotStuff's view
using Height = Ordinal<struct HeightTag>;  // position of a block in its chain; the first block has
                                           // height 1, 0 is genesis
using Epoch = Ordinal<struct EpochTag>;    // number of membership changes that took effect
using ChainId = Ordinal<struct ChainTag>;
using Ticket =
    Ordinal<struct TicketTag>;  // names a write-ahead-log append; 0 = nothing to wait for

// Index of a replica in its chain, 0 … n-1 in the order of the membership list. Identities are
// never reused: a member that joins gets a new one.
class ReplicaId {
 public:
  constexpr ReplicaId() = default;
  constexpr explicit ReplicaId(uint32_t value) : value_(value) {}
  [[nodiscard]] constexpr uint32_t value() const { return value_; }
  friend constexpr auto operator<=>(ReplicaId, ReplicaId) = default;

 private:
  uint32_t value_ = 0;
};

// A 256-bit hash value.
struct Digest {
  std::array<uint8_t, 32> bytes{};
  friend constexpr auto operator<=>(const Digest&, const Digest&) = default;
  [[nodiscard]] constexpr bool is_zero() const { return *this == Digest{}; }
};

// 64 bytes in every scheme we use: Ed25519 (R, S), SM2 (r, s), and the modelled token of the same
// size.
struct Signature {
  std::array<uint8_t, 64> bytes{};
  friend constexpr auto operator<=>(const Signature&, const Signature&) = default;
};

// Ed25519 uses 32 bytes, SM2 an uncompressed point without its 0x04 prefix (64 bytes). Unused bytes
// are zero.
struct PublicKey {
  std::array<uint8_t, 64> bytes{};
  friend constexpr auto operator<=>(const PublicKey&, const PublicKey&) = default;
};

enum class Protocol : uint8_t { kRaft = 1, kPbft = 2, kTendermint = 3 };

}  // namespace govchain::consensus

template <typename Tag>
struct std::hash<govchain::consensus::Ordinal<Tag>> {
  size_t operator()(govchain::consensus::Ordinal<Tag> ordinal) const noexcept {
    return std::hash<uint64_t>{}(ordinal.value());
  }
};
template <>
struct std::hash<govchain::consensus::ReplicaId> {
  size_t operator()(govchain::consensus::ReplicaId replica) const noexcept {
    return std::hash<uint32_t>{}(replica.value());
  }
};
template <>
struct std::hash<govchain::consensus::Digest> {
  size_t operator()(const govchain::consensus::Digest& digest) const noexcept {
    size_t value = 0;
    for (size_t i = 0; i < sizeof(size_t); ++i) value = (value << 8U) | digest.bytes[i];
    return value;
  }
};
