#pragma once
// Certificates of a network: an authority, and one certificate for each replica, which names it in
// its subject alternative name as govchain://CHAIN/replica/ID. For `govchain node init` and tests;
// a ministry with a certificate authority of its own issues them there.

#include <string>

#include "consensus/node/storage_owner.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

// Both in PEM.
struct IssuedCertificate {
  std::string certificate;
  std::string key;
};

// ECDSA P-256, because every TLS stack has it. Valid from an hour ago, for clocks that differ.
[[nodiscard]] Result<IssuedCertificate> make_authority(const std::string& name, unsigned days);
// For both sides of a connection (serverAuth and clientAuth). kInvalid if the authority's PEM does
// not parse.
[[nodiscard]] Result<IssuedCertificate> issue_certificate(const IssuedCertificate& authority,
                                                          const StorageOwner& replica,
                                                          unsigned days);

}  // namespace govchain::consensus::node
