#pragma once
// What one honest replica has signed, in the terms of its protocol's traits: by them the same book
// is kept for every protocol.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consensus/certificate.h"
#include "consensus/message.h"
#include "consensus/protocol_traits.h"

namespace govchain::sim {

// Does no honest replica sign both? Evidence is two such statements.
[[nodiscard]] bool contradict(const consensus::ProtocolTraits& traits,
                              const consensus::Statement& a, const consensus::Statement& b);

class StatementBook {
 public:
  // Heights and views that are remembered, enough for every height between two stable checkpoints.
  static constexpr size_t kRemembered = 512;

  explicit StatementBook(const consensus::ProtocolTraits& traits) : traits_(&traits) {}

  struct Contradiction {
    std::string_view rule;
    std::string detail;
  };
  // Writes down what the replica signed; the answer is what it contradicts.
  [[nodiscard]] std::optional<Contradiction> sign(const consensus::Message& message);
  // A proposal was logged: it may be signed after a crash, when the replica has left its view, and
  // is no new statement then.
  void intend(consensus::View view, consensus::Epoch epoch, const consensus::Digest& digest);

 private:
  static constexpr uint8_t kNothing = 255;
  // What two statements have in common that must name the same digest.
  struct Key {
    consensus::View view;
    consensus::Height height;
    consensus::Epoch epoch;
    uint8_t kind = kNothing;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Slot {
    Key key;
    consensus::Digest digest;
  };
  [[nodiscard]] std::optional<Contradiction> bind(const consensus::Message& message, uint8_t kind);
  void leave(const consensus::Message& message);
  [[nodiscard]] bool has_left(const consensus::Message& message) const;
  [[nodiscard]] bool is_intended(const consensus::Message& message) const;

  const consensus::ProtocolTraits* traits_;
  std::vector<Slot> slots_;  // grown at the first statement
  struct Intention {
    consensus::View view;
    consensus::Epoch epoch;
    consensus::Digest digest;
    friend bool operator==(const Intention&, const Intention&) = default;
  };
  static constexpr size_t kIntentions = 128;
  std::vector<Intention> intentions_;  // the last ones, in a ring
  size_t next_intention_ = 0;
  // Views below this one are left; at this height only, if views count the attempts at a height.
  // Every epoch may count from the beginning.
  consensus::View left_;
  consensus::Epoch left_in_;
  consensus::Height left_at_;
};

}  // namespace govchain::sim
