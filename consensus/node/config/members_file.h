#pragma once
// Members of a chain as files have them: those that it begins with (network_file.h), and in a file
// of their own those that an operator wants it to have. The format is in consensus/node/README.md.

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "consensus/membership.h"
#include "consensus/node/config/field_reader.h"
#include "consensus/node/transport/transport.h"
#include "consensus/protocol_version.h"
#include "consensus/result.h"
#include "consensus/types.h"

namespace govchain::consensus::node {

struct ListedMembers {
  std::vector<Member> members;         // by id
  std::vector<PeerAddress> addresses;  // of each of them
};

// The field "members" of an object. What is wrong, alone or together, becomes the file's error.
[[nodiscard]] ListedMembers read_members(FieldReader& in, Protocol protocol);
// Its value.
[[nodiscard]] nlohmann::ordered_json encode_members(const ListedMembers& listed);

struct MembersFile {
  ListedMembers listed;
  // The rules that they want (consensus/README.md, Upgrades); the present ones stay where they are
  // newer.
  ProtocolVersion version = kOldestProtocolVersion;
};

// Errors: kNotFound, kIo; kInvalid with the place in the file and what was expected.
[[nodiscard]] Result<MembersFile> read_members_file(const std::string& path, Protocol protocol);
// What read_members_file() gives back.
[[nodiscard]] std::string encode_members_file(const MembersFile& file);

}  // namespace govchain::consensus::node
