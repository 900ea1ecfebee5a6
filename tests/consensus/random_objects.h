#pragma once
// Random blocks, messages, certificates and records for property tests.

#include "consensus/block.h"
#include "consensus/certificate.h"
#include "consensus/crypto/hash.h"
#include "consensus/log_record.h"
#include "consensus/membership.h"
#include "consensus/message.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus::testing {

enum class PayloadKind : uint8_t { kCarried, kCohort };

[[nodiscard]] Digest random_digest(RandomSource& random);
[[nodiscard]] PayloadRef random_payload(RandomSource& random, HashAlgorithm algorithm,
                                        PayloadKind kind = PayloadKind::kCarried);
[[nodiscard]] BlockRef random_block(RandomSource& random, HashAlgorithm algorithm,
                                    PayloadKind kind = PayloadKind::kCarried);
[[nodiscard]] Statement random_statement(RandomSource& random);
[[nodiscard]] CertificateRef random_certificate(RandomSource& random);
[[nodiscard]] Membership random_membership(RandomSource& random);
[[nodiscard]] MessageRef random_message(RandomSource& random, HashAlgorithm algorithm);
[[nodiscard]] LogRecordRef random_record(RandomSource& random, HashAlgorithm algorithm,
                                         PayloadKind kind = PayloadKind::kCarried);

}  // namespace govchain::consensus::testing
