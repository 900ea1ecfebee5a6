#include "tests/consensus/random_objects.h"

#include <algorithm>

#include "consensus/codec.h"

namespace govchain::consensus::testing {

namespace {

// Small and large values alike, because fields of one byte and of eight are read alike wrongly only
// for the latter.
uint64_t random_number(RandomSource& random) { return random.next() >> (random.below(8) * 8); }

template <size_t kSize>
void fill(RandomSource& random, std::array<uint8_t, kSize>& bytes) {
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
}

}  // namespace

Digest random_digest(RandomSource& random) {
  Digest digest;
  fill(random, digest.bytes);
  return digest;
}

PayloadRef random_payload(RandomSource& random, HashAlgorithm algorithm, PayloadKind kind) {
  const auto transactions = static_cast<uint32_t>(random_number(random));
  if (kind == PayloadKind::kCarried) {
    return make_payload(algorithm, random.bytes(random.below(60)), transactions);
  }
  auto payload = Ref<Payload>::make();
  payload->digest = random_digest(random);
  payload->size = Bytes(1 + random.below(1'000'000));
  payload->transactions = transactions;
  return payload;
}

BlockRef random_block(RandomSource& random, HashAlgorithm algorithm, PayloadKind kind) {
  auto block = Ref<Block>::make();
  block->height = Height(random_number(random));
  block->view = View(random_number(random));
  block->epoch = Epoch(random_number(random));
  block->proposer = ReplicaId(static_cast<uint32_t>(random_number(random)));
  block->wall_time = static_cast<int64_t>(random.next());
  const uint64_t payloads = random.below(5);
  for (uint64_t i = 0; i < payloads; ++i) {
    block->payloads.push_back(random_payload(random, algorithm, kind));
  }
  if (random.chance(3)) block->control = random.bytes(random.below(40));
  seal_block(algorithm, *block);
  return block;
}

Statement random_statement(RandomSource& random) {
  Statement statement;
  statement.chain = ChainId(random_number(random));
  statement.epoch = Epoch(random_number(random));
  statement.protocol = random.chance(2) ? Protocol::kRaft : Protocol::kPbft;
  statement.type = static_cast<uint8_t>(random.next());
  statement.view = View(random_number(random));
  statement.height = Height(random_number(random));
  statement.digest = random_digest(random);
  if (random.chance(2)) statement.version = kNewestProtocolVersion;
  return statement;
}

CertificateRef random_certificate(RandomSource& random) {
  auto certificate = Ref<Certificate>::make();
  certificate->statement = random_statement(random);
  for (uint32_t i = 0; i < 10; ++i) {
    if (random.chance(2)) continue;
    certificate->signers.push_back(ReplicaId(i * 1'000));
    Signature signature;
    fill(random, signature.bytes);
    certificate->signatures.push_back(signature);
  }
  return certificate;
}

Membership random_membership(RandomSource& random) {
  Membership membership;
  membership.epoch = Epoch(random_number(random));
  if (random.chance(2)) membership.version = static_cast<ProtocolVersion>(1 + random.below(9));
  const uint64_t count = random.below(8);
  for (uint32_t i = 0; i < count; ++i) {
    Member member;
    member.id = ReplicaId(i * 3 + static_cast<uint32_t>(random.below(3)));
    member.weight = random.below(100);
    fill(random, member.key.bytes);
    if (random.chance(4)) member.role = MemberRole::kWitness;
    membership.members.push_back(member);
  }
  return membership;
}

MessageRef random_message(RandomSource& random, HashAlgorithm algorithm) {
  auto message = Ref<Message>::make();
  message->protocol = random.chance(2) ? Protocol::kRaft : Protocol::kPbft;
  message->type = static_cast<uint8_t>(random.next());
  message->lane = static_cast<Lane>(random.below(kLanes));
  if (random.chance(2)) message->version = kNewestProtocolVersion;
  message->sender = ReplicaId(static_cast<uint32_t>(random_number(random)));
  message->epoch = Epoch(random_number(random));
  message->view = View(random_number(random));
  message->height = Height(random_number(random));
  message->digest = random_digest(random);
  fill(random, message->signature.bytes);
  if (random.chance(2)) message->body = random.bytes(random.below(100));
  const uint64_t payloads = random.chance(2) ? random.below(4) : 0;
  for (uint64_t i = 0; i < payloads; ++i) {
    message->payloads.push_back(random_payload(random, algorithm));
  }
  if (random.chance(2)) message->block = random_block(random, algorithm);
  seal_message(*message);
  return message;
}

LogRecordRef random_record(RandomSource& random, HashAlgorithm algorithm, PayloadKind kind) {
  auto record = Ref<LogRecord>::make();
  record->type = static_cast<uint8_t>(random.next());
  record->bytes = random.bytes(random.below(50));
  if (random.chance(2)) record->block = random_block(random, algorithm, kind);
  if (random.chance(2)) record->certificate = random_certificate(random);
  return record;
}

}  // namespace govchain::consensus::testing
