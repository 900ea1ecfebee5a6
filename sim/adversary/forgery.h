#pragma once
// Small tools of adversaries: copies of messages that say something else.

#include <cstdint>
#include <vector>

#include "sim/adversary/interceptor.h"

namespace govchain::sim {

// A writable copy; not sealed.
[[nodiscard]] consensus::Ref<consensus::Message> copy_of(const consensus::Message& message);
// Signs with the adversary's own key, whoever it claims to be from, and seals.
[[nodiscard]] consensus::MessageRef sign_and_seal(consensus::Ref<consensus::Message> message,
                                                  Outbox& out);
// The digest that a proposal of its protocol carries, after its block was replaced.
[[nodiscard]] consensus::Digest digest_of_proposal(const consensus::Message& proposal, Outbox& out);
// What votes for this proposal name: its block, or in HotStuff the node that the block is in.
[[nodiscard]] consensus::Digest digest_voted_for(const consensus::Message& proposal);
// Another block for the same height and view, with a digest of its own: other time, and one payload
// less if it has any.
[[nodiscard]] consensus::BlockRef other_block(const consensus::Block& block, Outbox& out);
[[nodiscard]] consensus::Digest random_digest(Outbox& out);
// Lets the message go as the engine wanted.
void pass_on(const consensus::ReplicaId* to, const consensus::MessageRef& message, Outbox& out);
// One that was wanted for `to`, or for everybody.
void send_like(const consensus::ReplicaId* to, consensus::MessageRef message, Outbox& out);

}  // namespace govchain::sim
