#include "consensus/node/transport/certificate.h"

#include <string>

#include <gtest/gtest.h>

#include "consensus/node/transport/identity.h"
#include "consensus/node/transport/openssl.h"
#include "consensus/node/transport/tls_context.h"
#include "tests/consensus/node/transport/test_network.h"

namespace govchain::consensus::node {
namespace {

using testing::kChain;
using testing::TestNetwork;

X509Handle parse(const std::string& pem) {
  return X509Handle(PEM_read_bio_X509(read_from(pem).get(), nullptr, nullptr, nullptr));
}

// Signed by `root` instead of by itself.
IssuedCertificate authority_under(const IssuedCertificate& root) {
  IssuedCertificate middle = *make_authority("Middle authority", 1);
  const X509Handle issuer = parse(root.certificate);
  const KeyHandle key(
      PEM_read_bio_PrivateKey(read_from(root.key).get(), nullptr, no_passphrase, nullptr));
  const X509Handle certificate = parse(middle.certificate);
  EXPECT_EQ(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get())), 1);
  EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
  const BioHandle text(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_X509(text.get(), certificate.get()), 1);
  const char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  middle.certificate.assign(data, static_cast<size_t>(size));
  return middle;
}

TEST(IdentityUri, SaysChainAndReplica) {
  const StorageOwner owner{ChainId(18'446'744'073'709'551'615U), ReplicaId(4'294'967'295U)};
  EXPECT_EQ(identity_uri({ChainId(7), ReplicaId(3)}), "govchain://7/replica/3");
  EXPECT_EQ(parse_identity_uri(identity_uri(owner)), owner);
  EXPECT_EQ(parse_identity_uri(identity_uri({})), StorageOwner{});
}

TEST(IdentityUri, HasOneSpelling) {
  for (const std::string_view wrong :
       {"", "govchain://", "govchain://7/replica/", "govchain:///replica/3", "govchain://7",
        "govchain://07/replica/3", "govchain://7/replica/03", "govchain://7/replica/3/",
        "govchain://7/replica/+3", "govchain://-7/replica/3", "govchain://7/replica/3 ",
        "Govchain://7/replica/3", "https://7/replica/3", "govchain://7/replica/4294967296",
        "govchain://18446744073709551616/replica/3", "govchain://7/replica/3?x", "/replica/3"}) {
    EXPECT_FALSE(parse_identity_uri(wrong)) << wrong;
  }
  EXPECT_FALSE(parse_identity_uri(std::string_view("govchain://7/replica/3\0", 23)));
}

TEST(Certificate, NamesItsReplicaAndIsOfItsAuthority) {
  const TestNetwork network;
  const X509Handle authority = parse(network.authority().certificate);
  const X509Handle certificate = parse(network.issue(3).certificate);
  ASSERT_TRUE(authority && certificate);
  EXPECT_EQ(*read_identity(*certificate), (StorageOwner{kChain, ReplicaId(3)}));
  EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(authority.get())), 1);
  EXPECT_EQ(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_SERVER, 0), 1);
  EXPECT_EQ(X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0), 1);
  EXPECT_EQ(X509_check_ca(certificate.get()), 0) << "a replica issues none itself";
  EXPECT_EQ(X509_check_ca(authority.get()), 1);
  EXPECT_EQ(read_identity(*authority).error().code, ErrorCode::kInvalid);
}

TEST(Certificate, NoTwoHaveTheSameKeyOrSerialNumber) {
  const TestNetwork network;
  const X509Handle a = parse(network.issue(3).certificate);
  const X509Handle b = parse(network.issue(3).certificate);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(a.get()), X509_get0_serialNumber(b.get())), 0);
  EXPECT_NE(EVP_PKEY_eq(X509_get0_pubkey(a.get()), X509_get0_pubkey(b.get())), 1);
}

TEST(Certificate, IsNotIssuedByWhatIsNoAuthority) {
  const TestNetwork network;
  const auto refused = [](const IssuedCertificate& authority) {
    const auto issued = issue_certificate(authority, {kChain, ReplicaId(1)}, 1);
    return !issued && issued.error().code == ErrorCode::kInvalid;
  };
  EXPECT_TRUE(refused({"nonsense", network.authority().key}));
  EXPECT_TRUE(refused({network.authority().certificate, "nonsense"}));
  EXPECT_TRUE(refused({network.authority().certificate, network.issue(1).key}));
  EXPECT_FALSE(make_authority("", 1));
  EXPECT_FALSE(make_authority("a", 1'000'000));
}

class CredentialsTest : public ::testing::Test {
 protected:
  // Expects a refusal that names this file and says these words.
  void expect_refused(const TransportCredentials& files, const std::string& where,
                      const std::string& words) {
    const auto context = make_tls_context({kChain, ReplicaId(1)}, files);
    ASSERT_FALSE(context) << words;
    EXPECT_EQ(context.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(context.error().where, where);
    EXPECT_NE(context.error().message.find(words), std::string::npos) << context.error().message;
  }
  TestNetwork network_;
  TransportCredentials files_ = network_.credentials(1);
};

TEST_F(CredentialsTest, ThatFitAreTaken) {
  const auto context = make_tls_context({kChain, ReplicaId(1)}, files_);
  EXPECT_TRUE(context) << context.error().message;
  // With another authority beside, as while one replaces the other.
  const auto other = make_authority("Next authority", 1);
  files_.authority =
      network_.write("both.pem", other->certificate + network_.authority().certificate, 0644);
  EXPECT_TRUE(make_tls_context({kChain, ReplicaId(1)}, files_));
}

TEST_F(CredentialsTest, FilesThatAreMissingOrNonsenseAreNamed) {
  for (std::string TransportCredentials::*const file :
       {&TransportCredentials::certificate, &TransportCredentials::key,
        &TransportCredentials::authority}) {
    TransportCredentials files = files_;
    files.*file = "/nowhere/file";
    expect_refused(files, "/nowhere/file", "cannot be read: No such file");
    files.*file = network_.write("nonsense", "nonsense");
    expect_refused(files, files.*file, "in PEM");
    files.*file = "/tmp";
    expect_refused(files, "/tmp", "is no file");
  }
}

TEST_F(CredentialsTest, ACertificateThatIsCutOffIsRefused) {
  std::string text = network_.issue(1).certificate;
  text.erase(text.size() / 2, 10);
  files_.certificate = network_.write("cut.pem", text);
  expect_refused(files_, files_.certificate, "does not parse");
}

TEST_F(CredentialsTest, AKeyThatOthersMayReadIsRefused) {
  const IssuedCertificate issued = network_.issue(1);
  files_.certificate = network_.write("own.pem", issued.certificate);
  for (const unsigned mode : {0640U, 0604U, 0660U}) {
    files_.key = network_.write("open.key", issued.key, mode);
    expect_refused(files_, files_.key, "others than its owner");
  }
  files_.key = network_.write("open.key", issued.key, 0400);
  EXPECT_TRUE(make_tls_context({kChain, ReplicaId(1)}, files_));
}

TEST_F(CredentialsTest, AKeyOfAnotherCertificateIsRefused) {
  files_.key = network_.write("other.key", network_.issue(1).key);
  expect_refused(files_, files_.key, "not that of the certificate");
}

TEST_F(CredentialsTest, AnotherReplicasOrChainsCertificateIsRefused) {
  const TransportCredentials other = network_.credentials(2);
  expect_refused(other, other.certificate, "that of replica 2 of chain 7, and this is replica 1");
  const IssuedCertificate issued = network_.issue(1, ChainId(8));
  files_.certificate = network_.write("chain.pem", issued.certificate);
  files_.key = network_.write("chain.key", issued.key);
  expect_refused(files_, files_.certificate, "that of replica 1 of chain 8");
}

TEST_F(CredentialsTest, AnExpiredCertificateIsRefused) {
  const IssuedCertificate issued = network_.issue(1, kChain, 0);
  files_.certificate = network_.write("old.pem", issued.certificate);
  files_.key = network_.write("old.key", issued.key);
  expect_refused(files_, files_.certificate, "expired");
}

TEST_F(CredentialsTest, AnotherAuthoritysCertificateIsRefused) {
  files_.authority =
      network_.write("other.pem", make_authority("Test authority", 1)->certificate, 0644);
  expect_refused(files_, files_.certificate, "the network would refuse the certificate");
}

TEST_F(CredentialsTest, AReplicasCertificateIsNoAuthority) {
  files_.authority = files_.certificate;
  expect_refused(files_, files_.authority, "no authority's");
}

TEST_F(CredentialsTest, AnAuthorityMayBeUnderAnother) {
  const IssuedCertificate middle = authority_under(network_.authority());
  const auto leaf = issue_certificate(middle, {kChain, ReplicaId(1)}, 1);
  files_.key = network_.write("leaf.key", leaf->key);
  // The network trusts the one in the middle.
  files_.certificate = network_.write("leaf.pem", leaf->certificate);
  const std::string above = files_.authority;
  files_.authority = network_.write("middle.pem", middle.certificate);
  EXPECT_TRUE(make_tls_context({kChain, ReplicaId(1)}, files_));
  // Or the one above, if the replica shows the way to it.
  files_.authority = above;
  expect_refused(files_, files_.certificate, "unable to get local issuer");
  files_.certificate = network_.write("chain.pem", leaf->certificate + middle.certificate);
  EXPECT_TRUE(make_tls_context({kChain, ReplicaId(1)}, files_));
}

TEST_F(CredentialsTest, AnAuthoritysOwnCertificateIsNoReplicas) {
  files_.certificate = network_.write("a.pem", network_.authority().certificate);
  files_.key = network_.write("a.key", network_.authority().key);
  expect_refused(files_, files_.certificate, "names no replica");
}

}  // namespace
}  // namespace govchain::consensus::node
