#pragma once
// Whose a certificate is: its subject alternative name has one URI govchain://CHAIN/replica/ID,
// both numbers in decimal.

#include <optional>
#include <string>
#include <string_view>

#include "consensus/node/storage_owner.h"
#include "consensus/result.h"

struct x509_st;

namespace govchain::consensus::node {

[[nodiscard]] std::string identity_uri(const StorageOwner& replica);
// Only what identity_uri() writes.
[[nodiscard]] std::optional<StorageOwner> parse_identity_uri(std::string_view uri);
// "replica 3 of chain 7", for errors.
[[nodiscard]] std::string describe(const StorageOwner& replica);

// kInvalid if it names no replica, or more than one.
[[nodiscard]] Result<StorageOwner> read_identity(const x509_st& certificate);

}  // namespace govchain::consensus::node
