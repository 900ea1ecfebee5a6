#include "consensus/node/transport/identity.h"

#include <charconv>
#include <memory>

#include "consensus/node/transport/openssl.h"

namespace govchain::consensus::node {

namespace {

constexpr std::string_view kScheme = "govchain://";
constexpr std::string_view kMiddle = "/replica/";

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string identity_uri(const StorageOwner& replica) {
  return std::string(kScheme) + std::to_string(replica.chain.value()) + std::string(kMiddle) +
         std::to_string(replica.replica.value());
}

std::optional<StorageOwner> parse_identity_uri(std::string_view uri) {
  const size_t middle = uri.find(kMiddle);
  if (!uri.starts_with(kScheme) || middle == std::string_view::npos || middle < kScheme.size()) {
    return std::nullopt;
  }
  const auto chain = parse_number<uint64_t>(uri.substr(kScheme.size(), middle - kScheme.size()));
  const auto replica = parse_number<uint32_t>(uri.substr(middle + kMiddle.size()));
  if (!chain || !replica) return std::nullopt;
  const StorageOwner owner{ChainId(*chain), ReplicaId(*replica)};
  // One name for each replica: no leading zeros.
  if (identity_uri(owner) != uri) return std::nullopt;
  return owner;
}

std::string describe(const StorageOwner& replica) {
  return "replica " + std::to_string(replica.replica.value()) + " of chain " +
         std::to_string(replica.chain.value());
}

Result<StorageOwner> read_identity(const x509_st& certificate) {
  struct FreeNames {
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  };
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::optional<StorageOwner> found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    // With its length: there may be a zero inside.
    const std::string_view uri(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<size_t>(ASN1_STRING_length(text)));
    if (!uri.starts_with(kScheme)) continue;
    const auto owner = parse_identity_uri(uri);
    if (!owner || found) {
      return Error{ErrorCode::kInvalid,
                   owner ? "the certificate names more than one replica"
                         : "the certificate has a name that is no replica's",
                   ""};
    }
    found = owner;
  }
  ERR_clear_error();
  if (!found) {
    return Error{ErrorCode::kInvalid,
                 "the certificate names no replica (a URI like " + identity_uri({}) +
                     " in its subject alternative name)",
                 ""};
  }
  return *found;
}

}  // namespace govchain::consensus::node
