#pragma once
// The configurations in a replica's log. A configuration counts from the moment it is appended,
// committed or not (dissertation §4.1; etcd-io/raft applies it when committed), so a truncation
// brings the one before back. Epochs, and with them what light clients see, move only when a change
// is complete and committed.

#include <optional>
#include <span>
#include <vector>

#include "consensus/codec.h"
#include "consensus/membership.h"
#include "consensus/raft/confchange/configuration.h"
#include "consensus/types.h"

namespace govchain::consensus::raft {

// What a configuration block carries in Block::control: the whole configuration, and the membership
// that is wanted in the end.
struct ConfigurationControl {
  confchange::Configuration configuration;
  Membership target;  // epoch: the one that begins when the change is complete
};
void encode_control(const ConfigurationControl& control, std::vector<uint8_t>& out);
[[nodiscard]] std::optional<ConfigurationControl> decode_control(std::span<const uint8_t> bytes);

struct ConfigurationEntry {
  Height height;  // of the block that brought it; 0 = genesis
  confchange::Configuration configuration;
  Membership target;
  // In force for statements about heights above `height`.
  Membership members;
  // In force for `height` itself and below: a snapshot may begin exactly here, and is signed by
  // these even if the block completes a change.
  Membership before;
  // Whom to talk to meanwhile: `members` with their weights, and those to come with weight 0, so
  // that quorums counted over it are those of the epoch.
  Membership reachable;
  // Of `configuration`: the incoming half weighs as in `target`, the outgoing one as in `members`.
  JointQuorum quorum;

  [[nodiscard]] bool completes_change() const {
    return height != Height() && !configuration.joint();
  }
};
void encode_entry(const ConfigurationEntry& entry, Writer& out);
[[nodiscard]] ConfigurationEntry decode_entry(Reader& in);  // check in.ok()

class ConfigurationHistory {
 public:
  explicit ConfigurationHistory(const Membership& genesis);
  [[nodiscard]] const ConfigurationEntry& latest() const { return entries_.back(); }
  // The one in force after the block at `height`.
  [[nodiscard]] const ConfigurationEntry& at(Height height) const;
  // Membership whose members sign for `height`.
  [[nodiscard]] const Membership& members_for(Height height) const;
  // The version of the rules above `height` if `control` stands there; none if it may not, above
  // what is in force below: it has to decode, to name nobody whose key is unknown, and to go on
  // with the same version or the next.
  [[nodiscard]] std::optional<ProtocolVersion> version_after(
      Height height, std::span<const uint8_t> control) const;
  // False if it may not stand there; nothing is changed then.
  [[nodiscard]] bool append(Height height, std::span<const uint8_t> control);
  // The last height whose rules are not newer than `version`, if there are heights with newer ones.
  [[nodiscard]] std::optional<Height> end_of(ProtocolVersion version) const;
  // True if the latest configuration is another one afterwards.
  bool truncate(Height from);
  // Forgets what only heights below `height` need.
  void compact(Height height);
  void reset(ConfigurationEntry entry);
  [[nodiscard]] Bytes memory() const;
  void encode_state(Writer& out) const;

 private:
  [[nodiscard]] static std::optional<ConfigurationEntry> follow(const ConfigurationEntry& previous,
                                                                Height height,
                                                                std::span<const uint8_t> control);
  std::vector<ConfigurationEntry> entries_;  // ascending by height, never empty
};

}  // namespace govchain::consensus::raft
