#pragma once
// Signing and verification on threads of their own, so that the loop never waits for either.

#include <asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/effect.h"
#include "consensus/input.h"
#include "consensus/membership.h"
#include "consensus/node/host/verified_payloads.h"
#include "consensus/payload.h"

namespace govchain::consensus::node {

// Who signs with which key, in every epoch that this replica has seen lately. Immutable: the loop
// makes a new one when the members change, and work under way goes on with the old one.
class KeyBook {
 public:
  explicit KeyBook(Membership genesis) { memberships_.push_back(std::move(genesis)); }
  // With the members of one epoch more. The oldest but the genesis goes when there are many.
  [[nodiscard]] std::shared_ptr<const KeyBook> with(const Membership& membership) const;
  // Of the statement's epoch if that is known, otherwise of the newest that has such a member.
  [[nodiscard]] const PublicKey* find(Epoch epoch, ReplicaId id) const;

 private:
  static constexpr size_t kKept = 8;
  std::vector<Membership> memberships_;  // genesis first, the newest last
};

// Makes a signer; one for each thread, because they are not thread-safe.
using SignerMaker = std::function<std::unique_ptr<Signer>()>;
// Whether the signatures of a payload's clients are good. Called on several threads at once; the
// answer for a payload never changes, and is not asked for again while it is remembered.
using PayloadCheck = std::function<bool(const Payload&)>;

class CryptoPool {
 public:
  // Called on the pool's threads with the answers to one call of verify() or sign().
  using Answer = std::function<void(std::vector<Input>&&)>;

  CryptoPool(unsigned threads, SignatureScheme scheme, SignerMaker signer, PayloadCheck payloads,
             ChainId chain, Answer answer);
  // Drops what has not begun, and joins.
  ~CryptoPool();
  CryptoPool(const CryptoPool&) = delete;
  CryptoPool& operator=(const CryptoPool&) = delete;

  // All that one step asked for: split among the threads. Leaves `wanted` empty.
  void verify(std::shared_ptr<const KeyBook> keys, std::vector<effect::Verify>& wanted);
  void verify(std::shared_ptr<const KeyBook> keys, effect::VerifyClaims wanted);
  void verify(effect::VerifyPayloads wanted);
  void sign(effect::Sign wanted);
  // For admission: `answer` is called on a thread of the pool. These checks have threads of their
  // own, so that whatever clients submit, the chain's own work never waits behind it.
  void check(PayloadRef payload, std::function<void(bool good)> answer);

 private:
  // What a thread of the pool has for itself.
  struct Tools {
    std::unique_ptr<Signer> signer;
    std::unique_ptr<Verifier> verifier;
  };
  // Lends a set of tools for the time of one piece of work.
  class Lent;
  [[nodiscard]] std::unique_ptr<Tools> borrow();
  void give_back(std::unique_ptr<Tools> tools);
  [[nodiscard]] bool is_good(const Payload& payload);

  const SignatureScheme scheme_;
  const SignerMaker make_signer_;
  const PayloadCheck check_payload_;
  const ChainId chain_;
  const Answer answer_;
  const unsigned threads_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Tools>> idle_;
  VerifiedPayloads verified_;
  asio::thread_pool pool_;  // these last: their threads use all of the above
  asio::thread_pool admission_;
};

}  // namespace govchain::consensus::node
