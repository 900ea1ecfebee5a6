#include "consensus/node/host/mailbox.h"

#include <vector>

#include <gtest/gtest.h>

namespace govchain::consensus::node {
namespace {

TEST(Mailbox, CountsTheMessagesThatFindNoRoom) {
  Mailbox mailbox(2);
  EXPECT_TRUE(mailbox.put_message({ReplicaId(1), {}}));
  EXPECT_TRUE(mailbox.put_message({ReplicaId(1), {}}));
  EXPECT_EQ(mailbox.dropped(), 0U);
  EXPECT_FALSE(mailbox.put_message({ReplicaId(2), {}}));
  EXPECT_FALSE(mailbox.put_message({ReplicaId(1), {}}));
  EXPECT_EQ(mailbox.dropped(), 2U);
  // What is no message always has room.
  mailbox.put(Input(input::PeerUp{ReplicaId(2)}));
  EXPECT_EQ(mailbox.size(), 3U);
  std::vector<Mailbox::Item> items;
  EXPECT_TRUE(mailbox.take(Mailbox::Clock::now(), 1, items));
  EXPECT_TRUE(mailbox.put_message({ReplicaId(2), {}}));
  EXPECT_EQ(mailbox.dropped(), 2U);
}

}  // namespace
}  // namespace govchain::consensus::node
