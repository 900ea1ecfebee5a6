// Pins every encoding that leaves a replica. A change of the wire format, of the log or of what is
// signed must be deliberate: it shows up here, and the new file is reviewed with the change.

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "consensus/chain/availability.h"
#include "consensus/chain/messages.h"
#include "consensus/codec.h"
#include "consensus/crypto/crypto.h"
#include "consensus/log_frame.h"
#include "tests/consensus/data_driven.h"

namespace govchain::consensus {
namespace {

constexpr const char* kFile = GOVCHAIN_SOURCE_DIR "/tests/conformance/wire_format.txt";
constexpr const char* kRewrite = "GOVCHAIN_REWRITE_CONFORMANCE";

std::string to_hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  return text;
}

Digest pattern_digest(uint8_t start) {
  Digest digest;
  for (uint8_t& byte : digest.bytes) byte = start++;
  return digest;
}

Signature pattern_signature(uint8_t start) {
  Signature signature;
  for (uint8_t& byte : signature.bytes) byte = start++;
  return signature;
}

Statement example_statement() {
  return Statement{ChainId(0x0102), Epoch(3),       Protocol::kPbft,  4,
                   View(5),         Height(0x0607), pattern_digest(8)};
}

BlockRef example_block(HashAlgorithm algorithm) {
  auto block = Ref<Block>::make();
  block->height = Height(258);
  block->view = View(2);
  block->epoch = Epoch(1);
  block->proposer = ReplicaId(3);
  block->wall_time = 1'700'000'000'000'000'000;
  const std::vector<uint8_t> content{'g', 'o', 'v'};
  block->payloads.push_back(make_payload(algorithm, content, 2));
  block->payloads.push_back(make_payload(algorithm, {}, 1));
  block->control = {0xAA, 0xBB};
  seal_block(algorithm, *block);
  return block;
}

MessageRef example_message(HashAlgorithm algorithm, bool with_block) {
  auto message = Ref<Message>::make();
  message->protocol = with_block ? Protocol::kPbft : Protocol::kRaft;
  message->type = 7;
  message->lane = with_block ? Lane::kBody : Lane::kVote;
  message->sender = ReplicaId(0x01020304);
  message->epoch = Epoch(1);
  message->view = View(2);
  message->height = Height(258);
  message->digest = pattern_digest(0x20);
  message->signature = pattern_signature(0x40);
  if (with_block) {
    message->body = {1, 2, 3};
    message->payloads.push_back(make_payload(algorithm, message->body, 5));
    message->block = example_block(algorithm);
  }
  seal_message(*message);
  return message;
}

CertificateRef example_certificate() {
  auto certificate = Ref<Certificate>::make();
  certificate->statement = example_statement();
  certificate->signers = {ReplicaId(0), ReplicaId(2)};
  certificate->signatures = {pattern_signature(0x10), pattern_signature(0x80)};
  return certificate;
}

LogRecordRef example_record(HashAlgorithm algorithm) {
  auto record = Ref<LogRecord>::make();
  record->type = 9;
  record->bytes = {4, 5, 6};
  record->block = example_block(algorithm);
  record->certificate = example_certificate();
  return record;
}

BlockRef example_batch() {
  const std::vector<uint8_t> content{'g', 'o', 'v'};
  return chain::make_batch(HashAlgorithm::kSha256, Epoch(1), ReplicaId(3), Height(300),
                           {make_payload(HashAlgorithm::kSha256, content, 2),
                            make_payload(HashAlgorithm::kSha256, {}, 1)});
}

// A batch, its acknowledgement, its certificate, or a proposal of its first payload.
MessageRef example_batch_message(chain::CommonType type) {
  const BlockRef batch = example_batch();
  auto message = Ref<Message>::make();
  message->protocol = Protocol::kTendermint;
  message->type = static_cast<uint8_t>(type);
  message->sender = ReplicaId(3);
  message->epoch = Epoch(1);
  message->height = batch->height;
  message->digest = batch->digest;
  if (type == chain::CommonType::kBatch) {
    message->lane = Lane::kBody;
    message->payloads = batch->payloads;
  } else if (type == chain::CommonType::kAcknowledgement) {
    message->signature = pattern_signature(0x40);
  } else {
    chain::encode_batch_proof(*batch, *example_certificate(), {false, false}, message->body);
  }
  seal_message(*message);
  return message;
}

BlockRef example_certified_block() {
  const BlockRef batch = example_batch();
  auto block = Ref<Block>::make();
  block->height = Height(258);
  block->epoch = Epoch(1);
  block->payloads.push_back(batch->payloads.front());
  chain::encode_batch_proof(*batch, *example_certificate(), {true, false}, block->availability);
  seal_block(HashAlgorithm::kSha256, *block);
  return block;
}

PayloadRef example_cohort() {
  auto cohort = Ref<Payload>::make();
  cohort->digest = pattern_digest(1);
  cohort->size = Bytes(4'096);
  cohort->transactions = 100;
  return cohort;
}

std::string example_membership() {
  Membership membership;
  membership.epoch = Epoch(6);
  membership.members = {Member{ReplicaId(0), 1, {}}, Member{ReplicaId(5), 0, {}}};
  membership.members[1].key.bytes.fill(0xCD);
  std::vector<uint8_t> bytes;
  Writer out(bytes);
  encode_membership(membership, out);
  return to_hex(bytes);
}

template <typename Encode>
std::string encoded(Encode&& encode) {
  std::vector<uint8_t> bytes;
  encode(bytes);
  return to_hex(bytes);
}

std::map<std::string, std::string> current() {
  std::map<std::string, std::string> lines;
  lines["signing-bytes"] = to_hex(signing_bytes(example_statement()));
  lines["certificate"] = encoded([](auto& bytes) {
    Writer out(bytes);
    encode_certificate(*example_certificate(), out);
  });
  lines["membership"] = example_membership();
  lines["cohort"] = encoded([](auto& bytes) {
    Writer out(bytes);
    encode_payload(*example_cohort(), out);
  });
  for (const auto& [name, algorithm] :
       {std::pair("sha256", HashAlgorithm::kSha256), std::pair("sm3", HashAlgorithm::kSm3)}) {
    const std::string suffix = std::string("-") + name;
    const HashAlgorithm chosen = algorithm;
    lines["block" + suffix] = encoded([chosen](auto& bytes) {
      Writer out(bytes);
      encode_block(*example_block(chosen), out);
    });
    lines["block-digest" + suffix] = to_hex(example_block(chosen)->digest.bytes);
    lines["message-with-block" + suffix] = encoded([chosen](auto& bytes) {
      encode_message(ChainId(0x0102), *example_message(chosen, true), bytes);
    });
    lines["log-frame" + suffix] = encoded(
        [chosen](auto& bytes) { encode_frame(Ticket(77), *example_record(chosen), bytes); });
  }
  lines["message-vote"] = encoded([](auto& bytes) {
    encode_message(ChainId(0x0102), *example_message(HashAlgorithm::kSha256, false), bytes);
  });
  for (const auto& [name, type] :
       {std::pair("batch", chain::CommonType::kBatch),
        std::pair("acknowledgement", chain::CommonType::kAcknowledgement),
        std::pair("availability", chain::CommonType::kAvailability)}) {
    const chain::CommonType chosen = type;
    lines[std::string("message-") + name] = encoded([chosen](auto& bytes) {
      encode_message(ChainId(0x0102), *example_batch_message(chosen), bytes);
    });
  }
  lines["message-certified-block"] = encoded([](auto& bytes) {
    auto message = Ref<Message>::make();
    message->protocol = Protocol::kTendermint;
    message->type = 1;
    message->block = example_certified_block();
    seal_message(*message);
    encode_message(ChainId(0x0102), *message, bytes);
  });
  lines["record-certified-block"] = encoded([](auto& bytes) {
    auto record = Ref<LogRecord>::make();
    record->type = 9;
    record->block = example_certified_block();
    encode_record(*record, bytes);
  });
  lines["signing-bytes-acknowledgement"] = to_hex(signing_bytes(
      chain::acknowledgement_of(ChainId(0x0102), Protocol::kTendermint, *example_batch())));
  for (const auto& [name, scheme] :
       {std::pair("modelled", SignatureScheme::kModelled),
        std::pair("ed25519", SignatureScheme::kEd25519), std::pair("sm2", SignatureScheme::kSm2)}) {
    const auto signer = make_signer(scheme, 1, ChainId(0x0102), ReplicaId(3));
    lines[std::string("public-key-") + name] = to_hex(signer->public_key().bytes);
    lines[std::string("signature-") + name] = to_hex(signer->sign(example_statement()).bytes);
  }
  return lines;
}

constexpr const char* kHeader =
    "# Encodings of example objects (tests/consensus/wire_format_test.cpp), in hexadecimal.\n"
    "# A difference means that replicas of different builds no longer understand each other, or\n"
    "# that logs and signatures made before are no longer read: raise kWireVersion or "
    "kLogVersion,\n"
    "# say so in CHANGELOG.md, and regenerate this file with GOVCHAIN_REWRITE_CONFORMANCE=1.\n";

TEST(WireFormat, IsThatOfTheConformanceFile) {
  const std::map<std::string, std::string> lines = current();
  std::ostringstream text;
  text << kHeader;
  for (const auto& [name, hex] : lines) text << name << ' ' << hex << '\n';
  if (std::getenv(kRewrite) != nullptr) {
    std::ofstream(kFile, std::ios::binary) << text.str();
    GTEST_SKIP() << "rewrote " << kFile;
  }
  const Result<std::string> pinned = testing::read_text(kFile);
  ASSERT_TRUE(pinned) << pinned.error().where << ": " << pinned.error().message;
  std::istringstream stream(*pinned);
  std::map<std::string, std::string> expected;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.front() == '#') continue;
    const size_t space = line.find(' ');
    ASSERT_NE(space, std::string::npos) << line;
    expected[line.substr(0, space)] = line.substr(space + 1);
  }
  for (const auto& [name, hex] : lines) {
    EXPECT_EQ(hex, expected[name])
        << name << " changed; if that is meant, raise its version and run " << kRewrite
        << "=1 consensus_tests --gtest_filter='WireFormat*'";
  }
  EXPECT_EQ(lines.size(), expected.size());
}

}  // namespace
}  // namespace govchain::consensus
