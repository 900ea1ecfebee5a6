#include "consensus/node/transport/tls_session.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "consensus/node/transport/frame.h"
#include "consensus/node/transport/identity.h"
#include "consensus/node/transport/tls_context.h"
#include "tests/consensus/node/transport/test_network.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus::node {
namespace {

using consensus::testing::RandomSource;
using testing::kChain;
using testing::TestNetwork;
using Progress = TlsSession::Progress;

// Moves what one has to say to the other, at most `limit` bytes; how many.
size_t carry(TlsSession& from, TlsSession& to, size_t limit = SIZE_MAX) {
  size_t moved = 0;
  while (moved < limit) {
    const std::span<const uint8_t> bytes = from.output();
    const std::span<uint8_t> room = to.input_room();
    const size_t count = std::min({bytes.size(), room.size(), limit - moved});
    if (count == 0) break;
    std::copy_n(bytes.begin(), count, room.begin());
    from.output_left(count);
    to.input_arrived(count);
    moved += count;
  }
  return moved;
}

class TlsSessionTest : public ::testing::Test {
 protected:
  ContextHandle context(uint32_t replica) {
    return *make_tls_context({kChain, ReplicaId(replica)}, network_.credentials(replica));
  }
  // Both say that they are done.
  static bool shake_hands(TlsSession& a, TlsSession& b) {
    for (int i = 0; i < 10; ++i) {
      const Progress at_a = a.handshake();
      carry(a, b);
      const Progress at_b = b.handshake();
      carry(b, a);
      if (at_a == Progress::kDone && at_b == Progress::kDone) return true;
      if (at_a == Progress::kFailed || at_b == Progress::kFailed) return false;
    }
    return false;
  }
  TestNetwork network_;
  ContextHandle first_ = context(1);
  ContextHandle second_ = context(2);
};

TEST_F(TlsSessionTest, BothSidesLearnWhoTheOtherIs) {
  TlsSession a(*first_, Side::kDialled);
  TlsSession b(*second_, Side::kAccepted);
  ASSERT_TRUE(shake_hands(a, b)) << a.failure() << b.failure();
  EXPECT_EQ(read_identity(*a.certificate())->replica, ReplicaId(2));
  EXPECT_EQ(read_identity(*b.certificate())->replica, ReplicaId(1));
}

TEST_F(TlsSessionTest, RecordsComeWholeThroughALineOfAnyPieces) {
  RandomSource random(1);
  TlsSession a(*first_, Side::kDialled);
  TlsSession b(*second_, Side::kAccepted);
  ASSERT_TRUE(shake_hands(a, b));
  const std::vector<uint8_t> sent = random.bytes(2'000'000);
  std::vector<uint8_t> received;
  std::span<const uint8_t> rest = sent;
  std::vector<uint8_t> buffer(20'000);
  while (received.size() < sent.size()) {
    while (!rest.empty() && a.can_write() && !random.chance(8)) {
      const size_t size = std::min<size_t>(rest.size(), 1 + random.below(kRecordBytes));
      ASSERT_EQ(a.write(rest.first(size)), Progress::kDone);
      rest = rest.subspan(size);
    }
    carry(a, b, 1 + random.below(100'000));
    while (true) {
      const auto [progress, count] = b.read(std::span(buffer).first(1 + random.below(20'000)));
      if (progress != Progress::kDone) {
        ASSERT_EQ(progress, Progress::kWaiting) << b.failure();
        break;
      }
      received.insert(received.end(), buffer.begin(),
                      buffer.begin() + static_cast<ptrdiff_t>(count));
    }
  }
  EXPECT_EQ(received, sent);
}

TEST_F(TlsSessionTest, HoldsAFewRecordsAndThenNoMore) {
  TlsSession a(*first_, Side::kDialled);
  TlsSession b(*second_, Side::kAccepted);
  ASSERT_TRUE(shake_hands(a, b));
  const std::vector<uint8_t> record(kRecordBytes);
  int records = 0;
  while (a.can_write()) {
    ASSERT_EQ(a.write(record), Progress::kDone);
    ++records;
  }
  EXPECT_EQ(records, 7);
  carry(a, b);
  EXPECT_TRUE(a.can_write()) << "some of it has left";
}

TEST_F(TlsSessionTest, AChangedByteEndsIt) {
  TlsSession a(*first_, Side::kDialled);
  TlsSession b(*second_, Side::kAccepted);
  ASSERT_TRUE(shake_hands(a, b));
  ASSERT_EQ(a.write(std::vector<uint8_t>(100)), Progress::kDone);
  const std::span<const uint8_t> bytes = a.output();
  const std::span<uint8_t> room = b.input_room();
  std::copy(bytes.begin(), bytes.end(), room.begin());
  room[50] ^= 1;
  b.input_arrived(bytes.size());
  std::vector<uint8_t> buffer(100);
  EXPECT_EQ(b.read(buffer).progress, Progress::kFailed);
  EXPECT_NE(b.failure().find("bad record mac"), std::string::npos) << b.failure();
}

TEST_F(TlsSessionTest, ACertificateOfAnotherAuthorityIsRefusedByBothSides) {
  TestNetwork other;
  const ContextHandle stranger = *make_tls_context({kChain, ReplicaId(2)}, other.credentials(2));
  {
    TlsSession a(*first_, Side::kDialled);
    TlsSession b(*stranger, Side::kAccepted);
    EXPECT_FALSE(shake_hands(a, b));
    EXPECT_NE(a.failure().find("certificate verify failed"), std::string::npos) << a.failure();
  }
  TlsSession a(*stranger, Side::kAccepted);
  TlsSession b(*first_, Side::kDialled);
  EXPECT_FALSE(shake_hands(b, a));
}

}  // namespace
}  // namespace govchain::consensus::node
