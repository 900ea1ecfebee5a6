#include "consensus/crypto/crypto.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/codec.h"
#include "consensus/crypto/hash.h"
#include "consensus/crypto/schemes.h"
#include "tests/consensus/allocation_counter.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus {
namespace {

using testing::RandomSource;

std::vector<uint8_t> from_hex(std::string_view text) {
  const auto nibble = [](char letter) {
    return static_cast<unsigned>(letter <= '9' ? letter - '0' : letter - 'a' + 10);
  };
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(nibble(text[i]) << 4U | nibble(text[i + 1])));
  }
  return bytes;
}

std::string to_hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

std::vector<uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Hash, Sm3MatchesTheExamplesOfTheStandard) {
  // GB/T 32905-2016, appendix A.
  EXPECT_EQ(to_hex(hash(HashAlgorithm::kSm3, bytes_of("abc")).bytes),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  std::string repeated;
  for (int i = 0; i < 16; ++i) repeated += "abcd";
  EXPECT_EQ(to_hex(hash(HashAlgorithm::kSm3, bytes_of(repeated)).bytes),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

TEST(Hash, Sha256MatchesTheExamplesOfTheStandard) {
  // FIPS 180-4 examples.
  EXPECT_EQ(to_hex(hash(HashAlgorithm::kSha256, bytes_of("abc")).bytes),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(hash(HashAlgorithm::kSha256, {}).bytes),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Hash, OfAPairIsThatOfTheConcatenation) {
  RandomSource random(1);
  for (const HashAlgorithm algorithm : {HashAlgorithm::kSha256, HashAlgorithm::kSm3}) {
    const Digest left = hash(algorithm, random.bytes(5));
    const Digest right = hash(algorithm, random.bytes(6));
    std::vector<uint8_t> both(left.bytes.begin(), left.bytes.end());
    both.insert(both.end(), right.bytes.begin(), right.bytes.end());
    EXPECT_EQ(hash_pair(algorithm, left, right), hash(algorithm, both));
    EXPECT_NE(hash_pair(algorithm, left, right), hash_pair(algorithm, right, left));
  }
}

TEST(Hash, AllocatesNothingPerCall) {
  const std::vector<uint8_t> data(1'000, 7);
  for (const HashAlgorithm algorithm : {HashAlgorithm::kSha256, HashAlgorithm::kSm3}) {
    static_cast<void>(hash(algorithm, data));
    const testing::AllocationCounter counter;
    static_cast<void>(hash(algorithm, data));
    EXPECT_EQ(counter.count(), 0U);
  }
}

TEST(Ed25519, MatchesTheVectorsOfRfc8032) {
  struct Vector {
    const char* secret;
    const char* key;
    const char* message;
    const char* signature;
  };
  // RFC 8032 §7.1, tests 1 to 3.
  const Vector vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "1"
       "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"}};
  const auto verifier = make_ed25519_verifier();
  for (const Vector& vector : vectors) {
    KeySeed seed{};
    const std::vector<uint8_t> secret = from_hex(vector.secret);
    std::copy(secret.begin(), secret.end(), seed.begin());
    const auto signer = make_ed25519_signer(seed);
    const std::vector<uint8_t> message = from_hex(vector.message);
    EXPECT_EQ(to_hex(signer->public_key().bytes), vector.key + std::string(64, '0'));
    EXPECT_EQ(to_hex(signer->sign(message).bytes), vector.signature);
    EXPECT_TRUE(verifier->verify(signer->public_key(), message, signer->sign(message)));
  }
}

TEST(Sm2, AcceptsTheSignatureOfTheStandardsExample) {
  // GB/T 32918.5-2017, annex A.2: the recommended curve, user id 1234567812345678, message
  // "message digest".
  PublicKey key;
  const auto point = from_hex(
      "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
      "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
  std::copy(point.begin(), point.end(), key.bytes.begin());
  Signature signature;
  const auto value = from_hex(
      "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
      "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa");
  std::copy(value.begin(), value.end(), signature.bytes.begin());
  const auto verifier = make_sm2_verifier();
  EXPECT_TRUE(verifier->verify(key, bytes_of("message digest"), signature));
  EXPECT_FALSE(verifier->verify(key, bytes_of("message digess"), signature));
}

TEST(Sm2, DerivesTheStandardsPublicKeyFromItsPrivateKey) {
  // The private key is the seed reduced to 1 … n-2 as seed % (n-2) + 1, so the standard's key is
  // reached by the number one below it.
  KeySeed seed{};
  const auto secret = from_hex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b7");
  std::copy(secret.begin(), secret.end(), seed.begin());
  EXPECT_EQ(to_hex(make_sm2_signer(seed)->public_key().bytes),
            "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
}

TEST(Sm2, RefusesKeysThatAreNoPointOfTheCurve) {
  const auto verifier = make_sm2_verifier();
  PublicKey key;
  EXPECT_FALSE(verifier->verify(key, bytes_of("x"), Signature{}));
  key.bytes.fill(0xFF);
  EXPECT_FALSE(verifier->verify(key, bytes_of("x"), Signature{}));
}

Statement example_statement() {
  Statement statement;
  statement.chain = ChainId(1);
  statement.epoch = Epoch(2);
  statement.type = 3;
  statement.view = View(4);
  statement.height = Height(5);
  statement.digest = hash(HashAlgorithm::kSha256, bytes_of("block"));
  return statement;
}

class EveryScheme : public ::testing::TestWithParam<SignatureScheme> {
 protected:
  std::unique_ptr<Signer> signer(uint32_t replica, uint64_t seed = 42, uint64_t chain = 1) const {
    return make_signer(GetParam(), seed, ChainId(chain), ReplicaId(replica));
  }
  std::unique_ptr<Verifier> verifier_ = make_verifier(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Signatures, EveryScheme,
                         ::testing::Values(SignatureScheme::kModelled, SignatureScheme::kEd25519,
                                           SignatureScheme::kSm2),
                         [](const auto& scheme) {
                           switch (scheme.param) {
                             case SignatureScheme::kModelled:
                               return "Modelled";
                             case SignatureScheme::kEd25519:
                               return "Ed25519";
                             case SignatureScheme::kSm2:
                               return "Sm2";
                           }
                           return "Unknown";
                         });

TEST_P(EveryScheme, AcceptsItsOwnSignatureAndSignsAlikeAfterARestart) {
  const Statement statement = example_statement();
  const Signature signature = signer(0)->sign(statement);
  EXPECT_TRUE(verifier_->verify(signer(0)->public_key(), statement, signature));
  EXPECT_EQ(signer(0)->sign(statement), signature);
}

TEST_P(EveryScheme, RejectsEveryFlippedBitOfTheSignature) {
  const Statement statement = example_statement();
  const auto owner = signer(0);
  Signature signature = owner->sign(statement);
  const PublicKey key = owner->public_key();
  for (size_t bit = 0; bit < 512; ++bit) {
    uint8_t& byte = signature.bytes[bit / 8];
    byte = static_cast<uint8_t>(byte ^ (1U << (bit % 8)));
    EXPECT_FALSE(verifier_->verify(key, statement, signature)) << "bit " << bit;
    byte = static_cast<uint8_t>(byte ^ (1U << (bit % 8)));
  }
}

TEST_P(EveryScheme, RejectsEveryFlippedBitOfTheStatement) {
  const Statement statement = example_statement();
  const auto owner = signer(0);
  const Signature signature = owner->sign(statement);
  const PublicKey key = owner->public_key();
  const auto rejects = [&](const Statement& changed, const char* what, size_t bit) {
    EXPECT_FALSE(verifier_->verify(key, changed, signature)) << what << " bit " << bit;
  };
  for (size_t bit = 0; bit < 64; ++bit) {
    const uint64_t mask = uint64_t{1} << bit;
    Statement changed = statement;
    changed.chain = ChainId(statement.chain.value() ^ mask);
    rejects(changed, "chain", bit);
    changed = statement;
    changed.epoch = Epoch(statement.epoch.value() ^ mask);
    rejects(changed, "epoch", bit);
    changed = statement;
    changed.view = View(statement.view.value() ^ mask);
    rejects(changed, "view", bit);
    changed = statement;
    changed.height = Height(statement.height.value() ^ mask);
    rejects(changed, "height", bit);
  }
  for (size_t bit = 0; bit < 8; ++bit) {
    Statement changed = statement;
    changed.type = static_cast<uint8_t>(statement.type ^ (1U << bit));
    rejects(changed, "type", bit);
  }
  Statement changed = statement;
  changed.protocol = Protocol::kRaft;
  rejects(changed, "protocol", 0);
  for (size_t bit = 0; bit < 256; ++bit) {
    changed = statement;
    uint8_t& byte = changed.digest.bytes[bit / 8];
    byte = static_cast<uint8_t>(byte ^ (1U << (bit % 8)));
    rejects(changed, "digest", bit);
  }
}

TEST_P(EveryScheme, RejectsEveryFlippedBitOfTheKeyAndEveryOtherSigner) {
  const Statement statement = example_statement();
  const auto owner = signer(0);
  const Signature signature = owner->sign(statement);
  for (size_t bit = 0; bit < 512; ++bit) {
    PublicKey key = owner->public_key();
    key.bytes[bit / 8] = static_cast<uint8_t>(key.bytes[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(verifier_->verify(key, statement, signature)) << "bit " << bit;
  }
  for (const auto& other : {signer(1), signer(0, 43), signer(0, 42, 2)}) {
    EXPECT_FALSE(verifier_->verify(other->public_key(), statement, signature));
  }
}

TEST_P(EveryScheme, VerifiesClaimsOnlyIfEveryOneIsAMembersAndHolds) {
  Membership membership;
  std::vector<SignedStatement> claims;
  for (uint32_t i = 0; i < 4; ++i) {
    const auto owner = signer(i);
    membership.members.push_back(Member{ReplicaId(i), 1, owner->public_key()});
    Statement statement = example_statement();
    statement.view = View(i);
    claims.push_back(SignedStatement{statement, ReplicaId(i), owner->sign(statement)});
  }
  EXPECT_TRUE(verify_claims(*verifier_, membership, claims));
  EXPECT_TRUE(verify_claims(*verifier_, membership, {}));
  auto forged = claims;
  forged[3].statement.view = View(9);
  EXPECT_FALSE(verify_claims(*verifier_, membership, forged));
  auto foreign = claims;
  foreign[2].signer = ReplicaId(7);
  EXPECT_FALSE(verify_claims(*verifier_, membership, foreign));
  auto swapped = claims;
  std::swap(swapped[0].signer, swapped[1].signer);
  EXPECT_FALSE(verify_claims(*verifier_, membership, swapped));
}

TEST(Modelled, SignsAndVerifiesWithoutAllocation) {
  const auto signer = make_signer(SignatureScheme::kModelled, 1, ChainId(1), ReplicaId(0));
  const auto verifier = make_verifier(SignatureScheme::kModelled);
  const PublicKey key = signer->public_key();
  const Statement statement = example_statement();
  const testing::AllocationCounter counter;
  const Signature signature = signer->sign(statement);
  EXPECT_TRUE(verifier->verify(key, statement, signature));
  EXPECT_EQ(counter.count(), 0U);
}

}  // namespace
}  // namespace govchain::consensus
