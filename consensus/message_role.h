#pragma once
// What a message is to a checker or an adversary, whatever its protocol calls it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <type_traits>
#include <utility>

namespace govchain::consensus {

// Roles are for what a replica signs in its own name and may be held to. A protocol that signs
// nothing but checkpoints has no other role in its table.
enum class MessageRole : uint8_t {
  kOther,
  kProposal,      // binds its sender to a block
  kVote,          // of the first phase
  kFinalVote,     // of the last phase: enough of them commit
  kCheckpoint,    // vote for a state
  kLeaderChange,  // leaves all views below its own
  kLeaderProof,   // shows that a leader may begin its view
};

// A role for each message type on the wire.
class MessageRoles {
 public:
  constexpr void set(uint8_t type, MessageRole role) { roles_[type] = role; }
  [[nodiscard]] constexpr MessageRole of(uint8_t type) const { return roles_[type]; }
  // The first type with this role; nullopt if the protocol has none.
  [[nodiscard]] constexpr std::optional<uint8_t> type_of(MessageRole role) const {
    for (size_t type = 0; type < roles_.size(); ++type) {
      if (roles_[type] == role) return static_cast<uint8_t>(type);
    }
    return std::nullopt;
  }

 private:
  std::array<MessageRole, 256> roles_{};
};

// Types that are not named have no role.
template <typename MessageType>
requires std::is_enum_v<MessageType>
[[nodiscard]] constexpr MessageRoles message_roles(
    std::initializer_list<std::pair<MessageType, MessageRole>> named) {
  MessageRoles roles;
  for (const auto& [type, role] : named) roles.set(static_cast<uint8_t>(type), role);
  return roles;
}

}  // namespace govchain::consensus
