#pragma once
// The file with a replica's private key: three lines of text that only its owner may read.
//
//   govchain replica key 1
//   scheme ed25519
//   seed 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

#include <optional>
#include <string>
#include <string_view>

#include "consensus/crypto/crypto.h"
#include "consensus/crypto/schemes.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

struct ReplicaKey {
  SignatureScheme scheme = SignatureScheme::kEd25519;
  KeySeed seed{};
};

// Random, from the operating system.
[[nodiscard]] ReplicaKey generate_key(SignatureScheme scheme);
// A new file with mode 0600, durable when it returns; kInvalid if there is one already.
[[nodiscard]] Status write_key_file(const std::string& path, const ReplicaKey& key);
// kNotFound; kInvalid if group or others can read it, if it is another user's, or if it does not
// parse (line and what was expected).
[[nodiscard]] Result<ReplicaKey> read_key_file(const std::string& path);

// "ed25519" or "sm2"; null for any other word. The modelled scheme has no keys to keep.
[[nodiscard]] std::optional<SignatureScheme> parse_scheme(std::string_view name);
[[nodiscard]] std::string_view name_of(SignatureScheme scheme);

}  // namespace govchain::consensus::node
