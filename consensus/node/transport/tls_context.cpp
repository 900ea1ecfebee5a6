#include "consensus/node/transport/tls_context.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "consensus/node/transport/identity.h"

namespace govchain::consensus::node {

namespace {

constexpr size_t kMaxFileBytes = 1U << 20U;

// A chain of certificates: the replica's own, then those that lead to the authority.
using Chain = std::vector<X509Handle>;
enum class Secrecy { kPublic, kSecret };

Error invalid(std::string what, const std::string& path) {
  return Error{ErrorCode::kInvalid, std::move(what), path};
}
Error invalid_with_reason(const std::string& what, const std::string& path) {
  const std::string reason = take_openssl_error();
  return invalid(reason.empty() ? what : what + ": " + reason, path);
}

Result<std::string> read_open_file(int file, Secrecy secrecy, const std::string& path) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) return invalid("is no file", path);
  if (secrecy == Secrecy::kSecret && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return invalid("others than its owner may use the key (chmod 600)", path);
  }
  std::string text;
  std::array<char, 4'096> piece{};
  while (text.size() <= kMaxFileBytes) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return invalid("cannot be read: " + std::generic_category().message(errno), path);
    }
    text.append(piece.data(), static_cast<size_t>(got));
  }
  return invalid("is longer than " + std::to_string(kMaxFileBytes) + " bytes", path);
}

Result<std::string> read_file(const std::string& path, Secrecy secrecy) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return invalid("cannot be read: " + std::generic_category().message(errno), path);
  Result<std::string> text = read_open_file(file, secrecy, path);
  ::close(file);
  return text;
}

Result<Chain> read_certificates(const std::string& path) {
  const Result<std::string> text = read_file(path, Secrecy::kPublic);
  if (!text) return text.error();
  const BioHandle source = read_from(*text);
  Chain chain;
  while (true) {
    X509Handle next(PEM_read_bio_X509(source.get(), nullptr, no_passphrase, nullptr));
    if (!next) break;
    chain.push_back(std::move(next));
  }
  // The last error is the end of the file, if all is well.
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!ended) return invalid_with_reason("holds a certificate that does not parse", path);
  ERR_clear_error();
  if (chain.empty()) return invalid("holds no certificate in PEM", path);
  return chain;
}

Result<KeyHandle> read_key(const std::string& path) {
  Result<std::string> text = read_file(path, Secrecy::kSecret);
  if (!text) return text.error();
  KeyHandle key(PEM_read_bio_PrivateKey(read_from(*text).get(), nullptr, no_passphrase, nullptr));
  OPENSSL_cleanse(text->data(), text->size());
  if (!key) return invalid_with_reason("holds no key in PEM without a passphrase", path);
  return key;
}

// As the other side will, whether it dials or is dialled.
Status verify(X509_STORE& authority, const Chain& chain, const std::string& path) {
  struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
  };
  const std::unique_ptr<STACK_OF(X509), FreeStack> others(sk_X509_new_null());
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(others.get(), chain[i].get());
  for (const int purpose : {X509_PURPOSE_SSL_CLIENT, X509_PURPOSE_SSL_SERVER}) {
    const std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>> context(
        X509_STORE_CTX_new());
    if (!context ||
        X509_STORE_CTX_init(context.get(), &authority, chain[0].get(), others.get()) != 1 ||
        X509_STORE_CTX_set_purpose(context.get(), purpose) != 1) {
      return invalid_with_reason("cannot be verified", path);
    }
    if (X509_verify_cert(context.get()) != 1) {
      const int reason = X509_STORE_CTX_get_error(context.get());
      ERR_clear_error();
      return invalid(std::string("the network would refuse the certificate: ") +
                         X509_verify_cert_error_string(reason),
                     path);
    }
  }
  return success();
}

Result<ContextHandle> configure(const Chain& chain, EVP_PKEY& key, StoreHandle authority) {
  ContextHandle context(SSL_CTX_new(TLS_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_num_tickets(context.get(), 0) != 1 ||
      SSL_CTX_use_certificate(context.get(), chain[0].get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), &key) != 1) {
    return invalid_with_reason("TLS cannot be set up", "");
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context.get(), chain[i].get()) != 1) {
      return invalid_with_reason("TLS cannot be set up", "");
    }
  }
  SSL_CTX_set_cert_store(context.get(), authority.release());
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

}  // namespace

Result<ContextHandle> make_tls_context(const StorageOwner& self,
                                       const TransportCredentials& files) {
  const Result<Chain> authorities = read_certificates(files.authority);
  if (!authorities) return authorities.error();
  const Result<Chain> chain = read_certificates(files.certificate);
  if (!chain) return chain.error();
  const Result<KeyHandle> key = read_key(files.key);
  if (!key) return key.error();
  if (X509_check_private_key((*chain)[0].get(), key->get()) != 1) {
    ERR_clear_error();
    return invalid("the key is not that of the certificate in " + files.certificate, files.key);
  }
  const Result<StorageOwner> owner = read_identity(*(*chain)[0]);
  if (!owner) return invalid(owner.error().message, files.certificate);
  if (*owner != self) {
    return invalid(
        "the certificate is that of " + describe(*owner) + ", and this is " + describe(self),
        files.certificate);
  }
  StoreHandle store(X509_STORE_new());
  for (const X509Handle& authority : *authorities) {
    if (X509_check_ca(authority.get()) == 0) {
      return invalid("holds a certificate that is no authority's", files.authority);
    }
    if (!store || X509_STORE_add_cert(store.get(), authority.get()) != 1) {
      return invalid_with_reason("cannot serve as authority", files.authority);
    }
  }
  // The authority may be one that another one vouches for, which is none of this network's.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (const Status verified = verify(*store, *chain, files.certificate); !verified) {
    return verified.error();
  }
  return configure(*chain, **key, std::move(store));
}

}  // namespace govchain::consensus::node
