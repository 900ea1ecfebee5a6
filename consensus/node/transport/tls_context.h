#pragma once
// How this replica speaks TLS, with its credentials: version 1.3 alone, both sides show a
// certificate, no tickets and so no resumption. (1.3 itself has neither compression nor
// renegotiation.)

#include "consensus/node/storage_owner.h"
#include "consensus/node/transport/openssl.h"
#include "consensus/node/transport/transport.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

// For both sides of connections. kInvalid if a file cannot be read, does not parse, does not fit
// the others, or is not this replica's; `where` is the file.
[[nodiscard]] Result<ContextHandle> make_tls_context(const StorageOwner& self,
                                                     const TransportCredentials& files);

}  // namespace govchain::consensus::node
