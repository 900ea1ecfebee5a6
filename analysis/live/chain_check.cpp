#include "analysis/live/chain_check.h"

#include <map>

#include <fmt/format.h>

#include "analysis/live/complaints.h"
#include "consensus/node/client/bytes_text.h"
#include "consensus/node/store/rocks_block_store.h"

namespace govchain::analysis::live {

using consensus::Bytes;
using consensus::Digest;
using consensus::Height;
using consensus::Result;

namespace {

std::string short_hex(const Digest& digest) {
  constexpr size_t kShownDigits = 16;
  return consensus::node::to_hex(digest.bytes).substr(0, kShownDigits);
}

void check_agreement(const std::vector<ReplicaChain>& chains, ChecksDone& done,
                     Complaints& complaints) {
  struct Seen {
    Digest block;
    uint32_t replica = 0;
  };
  std::map<Height, Seen> known;
  for (const ReplicaChain& chain : chains) {
    for (size_t i = 0; i < chain.blocks.size(); ++i) {
      const Height height(chain.oldest.value() + i);
      const auto [other, is_new] = known.try_emplace(height, Seen{chain.blocks[i], chain.replica});
      if (is_new) continue;
      ++done.blocks_compared;
      if (other->second.block == chain.blocks[i]) continue;
      complaints.add("agreement",
                     fmt::format("block {} is {} on replica {} and {} on replica {}",
                                 height.value(), short_hex(other->second.block),
                                 other->second.replica, short_hex(chain.blocks[i]), chain.replica),
                     {});
    }
  }
}

void check_state_roots(const std::vector<ReplicaChain>& chains, ChecksDone& done,
                       Complaints& complaints) {
  std::map<Height, const ReplicaChain*> known;
  for (const ReplicaChain& chain : chains) {
    if (chain.checkpoint == Height()) continue;
    const auto [other, is_new] = known.try_emplace(chain.checkpoint, &chain);
    if (is_new) continue;
    ++done.state_roots_compared;
    if (other->second->state_root == chain.state_root) continue;
    complaints.add("state root",
                   fmt::format("after block {} the state is {} on replica {} and {} on replica {}",
                               chain.checkpoint.value(), short_hex(other->second->state_root),
                               other->second->replica, short_hex(chain.state_root), chain.replica),
                   {});
  }
}

void check_acknowledged(const ReplicaChain& chain, const SubmissionRecord& submission,
                        Complaints& complaints) {
  // A fetched state stands for the blocks below; that its root agrees is checked elsewhere.
  if (submission.height < chain.oldest && submission.height > Height()) return;
  const auto found = chain.payloads.find(submission.payload);
  if (found == chain.payloads.end() && chain.oldest > Height(1) && submission.height == Height()) {
    return;
  }
  if (found == chain.payloads.end()) {
    complaints.add("acknowledged",
                   fmt::format("payload {} was said to be final in block {} by replica {}, and "
                               "replica {} does not have it in its blocks {} to {}",
                               short_hex(submission.payload), submission.height.value(),
                               submission.answered_by, chain.replica, chain.oldest.value(),
                               chain.oldest.value() + chain.blocks.size() - 1),
                   submission.answered);
  } else if (submission.height > Height() && found->second != submission.height) {
    complaints.add("acknowledged",
                   fmt::format("payload {} was said to be final in block {} by replica {}, and "
                               "replica {} has it in block {}",
                               short_hex(submission.payload), submission.height.value(),
                               submission.answered_by, chain.replica, found->second.value()),
                   submission.answered);
  }
}

}  // namespace

Result<ReplicaChain> read_chain(const std::string& data_folder,
                                const consensus::node::StorageOwner& owner,
                                consensus::HashAlgorithm hash) {
  const Result<std::unique_ptr<consensus::node::RocksBlockStore>> store =
      consensus::node::RocksBlockStore::open(data_folder + "/blocks", {owner, hash, nullptr});
  if (!store) return store.error();
  constexpr uint32_t kBlocksAtOnce = 64;
  constexpr Bytes kBytesAtOnce{64U << 20U};
  ReplicaChain chain;
  chain.replica = owner.replica.value();
  chain.oldest = (*store)->oldest();
  chain.checkpoint = (*store)->checkpoint().height;
  chain.state_root = (*store)->checkpoint().state_root;
  const Height newest = (*store)->newest();
  for (Height next = chain.oldest; next <= newest;) {
    std::vector<consensus::StoredBlock> blocks;
    (*store)->load(next, kBlocksAtOnce, kBytesAtOnce, blocks);
    if (const consensus::Status health = (*store)->health(); !health) return health.error();
    GOVCHAIN_ASSERT(!blocks.empty());
    for (const consensus::StoredBlock& one : blocks) {
      chain.blocks.push_back(one.block->digest);
      for (const consensus::PayloadRef& payload : one.block->payloads) {
        chain.payloads.try_emplace(payload->digest, one.block->height);
      }
    }
    next = Height(next.value() + blocks.size());
  }
  return chain;
}

void check_chains(const std::vector<ReplicaChain>& chains,
                  const std::vector<SubmissionRecord>& submissions, ChecksDone& done,
                  std::vector<sim::Violation>& violations) {
  Complaints complaints(violations);
  check_agreement(chains, done, complaints);
  check_state_roots(chains, done, complaints);
  for (const SubmissionRecord& submission : submissions) {
    if (submission.fate != Fate::kAcknowledged) continue;
    ++done.acknowledged;
    for (const ReplicaChain& chain : chains) {
      if (chain.is_complete) check_acknowledged(chain, submission, complaints);
    }
  }
  complaints.finish();
}

}  // namespace govchain::analysis::live
