#include "consensus/node/transport/certificate.h"

#include <array>

#include "consensus/node/transport/identity.h"
#include "consensus/node/transport/openssl.h"

namespace govchain::consensus::node {

namespace {

constexpr long kHourSeconds = 3'600;
constexpr int kMaxDays = 36'500;

Error failed(const std::string& what) {
  const std::string reason = take_openssl_error();
  return Error{ErrorCode::kInvalid, reason.empty() ? what : what + ": " + reason, ""};
}

bool set_serial(X509& certificate) {
  // Random and positive (RFC 5280, 4.1.2.2), so that nobody has to keep count.
  std::array<uint8_t, 16> bytes{};
  BIGNUM* number = BN_new();
  const bool done =
      number != nullptr &&
      BN_rand(number, 8 * int{bytes.size()} - 1, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
      BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate)) != nullptr;
  BN_free(number);
  return done;
}

bool add_extension(X509& certificate, X509& issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(&certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// Everything but names, extensions and signature.
X509Handle begin_certificate(EVP_PKEY& key, const std::string& name, unsigned days) {
  X509Handle certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !set_serial(*certificate) || X509_set_pubkey(certificate.get(), &key) != 1 ||
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kHourSeconds) == nullptr ||
      X509_time_adj_ex(X509_getm_notAfter(certificate.get()), static_cast<int>(days), 0, nullptr) ==
          nullptr ||
      X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const uint8_t*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0) != 1) {
    return nullptr;
  }
  return certificate;
}

std::string text_of(BIO& bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

Result<IssuedCertificate> to_pem(X509& certificate, EVP_PKEY& key) {
  const BioHandle certificate_text(BIO_new(BIO_s_mem()));
  const BioHandle key_text(BIO_new(BIO_s_mem()));
  if (!certificate_text || !key_text ||
      PEM_write_bio_X509(certificate_text.get(), &certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return failed("writing a certificate as PEM");
  }
  return IssuedCertificate{text_of(*certificate_text), text_of(*key_text)};
}

}  // namespace

Result<IssuedCertificate> make_authority(const std::string& name, unsigned days) {
  if (name.empty() || days > kMaxDays) {
    return failed("an authority has a name and is valid for at most " + std::to_string(kMaxDays) +
                  " days");
  }
  const KeyHandle key(EVP_EC_gen("P-256"));
  if (!key) return failed("making a key");
  const X509Handle certificate = begin_certificate(*key, name, days);
  if (!certificate ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) != 1 ||
      !add_extension(*certificate, *certificate, NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(*certificate, *certificate, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(*certificate, *certificate, NID_subject_key_identifier, "hash") ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return failed("making the certificate of authority " + name);
  }
  return to_pem(*certificate, *key);
}

Result<IssuedCertificate> issue_certificate(const IssuedCertificate& authority,
                                            const StorageOwner& replica, unsigned days) {
  if (days > kMaxDays) {
    return failed("a certificate is valid for at most " + std::to_string(kMaxDays) + " days");
  }
  const X509Handle issuer(
      PEM_read_bio_X509(read_from(authority.certificate).get(), nullptr, no_passphrase, nullptr));
  if (!issuer) return failed("the authority's certificate does not parse");
  const KeyHandle issuer_key(
      PEM_read_bio_PrivateKey(read_from(authority.key).get(), nullptr, no_passphrase, nullptr));
  if (!issuer_key) return failed("the authority's key does not parse");
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return failed("the authority's key is not its certificate's");
  }
  const KeyHandle key(EVP_EC_gen("P-256"));
  if (!key) return failed("making a key");
  const X509Handle certificate = begin_certificate(*key, "govchain " + describe(replica), days);
  const std::string name = "URI:" + identity_uri(replica);
  if (!certificate ||
      X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get())) != 1 ||
      !add_extension(*certificate, *issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(*certificate, *issuer, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(*certificate, *issuer, NID_ext_key_usage, "serverAuth,clientAuth") ||
      !add_extension(*certificate, *issuer, NID_subject_alt_name, name.c_str()) ||
      !add_extension(*certificate, *issuer, NID_subject_key_identifier, "hash") ||
      !add_extension(*certificate, *issuer, NID_authority_key_identifier, "keyid") ||
      X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) == 0) {
    return failed("making the certificate of " + describe(replica));
  }
  return to_pem(*certificate, *key);
}

}  // namespace govchain::consensus::node
