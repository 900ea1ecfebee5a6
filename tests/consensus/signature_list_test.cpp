// A certificate's signatures: those of votes by reference, or its own.

#include "consensus/signature_list.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "consensus/message.h"
#include "tests/consensus/allocation_counter.h"

namespace govchain::consensus {
namespace {

MessageRef vote_with(uint8_t mark) {
  Ref<Message> vote = Ref<Message>::make();
  vote->signature.bytes[0] = mark;
  return vote;
}

TEST(SignatureList, OfVotesReadsTheirSignaturesAndKeepsThemAlive) {
  SignatureList list;
  for (uint8_t i = 0; i < 5; ++i) list.push_back(vote_with(i));
  // Objects that are taken from the pool now are not the votes.
  for (uint8_t i = 0; i < 5; ++i) vote_with(99);
  ASSERT_EQ(list.size(), 5U);
  for (uint8_t i = 0; i < 5; ++i) EXPECT_EQ(std::as_const(list)[i].bytes[0], i);
  EXPECT_EQ(list.to_vector()[4].bytes[0], 4);
}

TEST(SignatureList, ChangingOneLeavesTheVoteAlone) {
  const MessageRef vote = vote_with(1);
  SignatureList list;
  list.push_back(vote);
  list[0].bytes[0] = 7;
  EXPECT_EQ(vote->signature.bytes[0], 1);
  EXPECT_EQ(std::as_const(list)[0].bytes[0], 7);
  list.push_back(Signature{});
  EXPECT_EQ(list.size(), 2U);
}

TEST(SignatureList, OfVotesTakesAnEighthOfTheRoom) {
  std::vector<MessageRef> votes;
  for (uint8_t i = 0; i < 86; ++i) votes.push_back(vote_with(i));
  testing::AllocationCounter counter;
  SignatureList list;
  list.reserve_votes(votes.size());
  for (const MessageRef& vote : votes) list.push_back(vote);
  EXPECT_EQ(counter.bytes(), votes.size() * sizeof(Signature) / 8);
}

TEST(SignatureList, ARecycledOneDoesNotKeepRoomForBothKinds) {
  SignatureList list;
  for (int i = 0; i < 86; ++i) list.push_back(Signature{});
  list.clear();
  list.push_back(vote_with(3));
  ASSERT_EQ(list.size(), 1U);
  testing::AllocationCounter counter;
  list.clear();
  list.push_back(Signature{});
  EXPECT_GT(counter.count(), 0U);  // the room for its own was given back
}

}  // namespace
}  // namespace govchain::consensus
