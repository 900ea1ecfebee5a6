#include "consensus/node/host/crypto_pool.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

namespace govchain::consensus::node {

namespace {

// At some 150 bytes each: several seconds of a busy chain.
constexpr size_t kMostVerified = 1U << 15U;

}  // namespace

std::shared_ptr<const KeyBook> KeyBook::with(const Membership& membership) const {
  auto next = std::make_shared<KeyBook>(*this);
  std::erase_if(next->memberships_, [&](const Membership& known) {
    return known.epoch == membership.epoch && &known != &next->memberships_.front();
  });
  if (next->memberships_.size() >= kKept) next->memberships_.erase(next->memberships_.begin() + 1);
  next->memberships_.push_back(membership);
  return next;
}

const PublicKey* KeyBook::find(Epoch epoch, ReplicaId id) const {
  const PublicKey* found = nullptr;
  for (auto membership = memberships_.rbegin(); membership != memberships_.rend(); ++membership) {
    const Member* const member = membership->find(id);
    if (member == nullptr) continue;
    if (membership->epoch == epoch) return &member->key;
    if (found == nullptr) found = &member->key;
  }
  return found;
}

class CryptoPool::Lent {
 public:
  explicit Lent(CryptoPool& pool) : pool_(pool), tools_(pool.borrow()) {}
  ~Lent() { pool_.give_back(std::move(tools_)); }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  Tools* operator->() const { return tools_.get(); }
  [[nodiscard]] bool verify(const KeyBook& keys, ReplicaId signer, const Statement& statement,
                            const Signature& signature) const {
    const PublicKey* const key = keys.find(statement.epoch, signer);
    return key != nullptr && tools_->verifier->verify(*key, statement, signature);
  }

 private:
  CryptoPool& pool_;
  std::unique_ptr<Tools> tools_;
};

CryptoPool::CryptoPool(unsigned threads, SignatureScheme scheme, SignerMaker signer,
                       PayloadCheck payloads, ChainId chain, Answer answer)
    : scheme_(scheme),
      make_signer_(std::move(signer)),
      check_payload_(std::move(payloads)),
      chain_(chain),
      answer_(std::move(answer)),
      threads_(std::max(threads, 1U)),
      verified_(kMostVerified),
      pool_(threads_),
      admission_(threads_) {}

CryptoPool::~CryptoPool() {
  pool_.stop();
  admission_.stop();
  pool_.join();
  admission_.join();
}

std::unique_ptr<CryptoPool::Tools> CryptoPool::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Tools> tools = std::move(idle_.back());
      idle_.pop_back();
      return tools;
    }
  }
  return std::make_unique<Tools>(Tools{make_signer_(), make_verifier(scheme_)});
}

void CryptoPool::give_back(std::unique_ptr<Tools> tools) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(tools));
}

// In as many pieces as there are threads: one notification of the loop for each piece, not for each
// signature.
void CryptoPool::verify(std::shared_ptr<const KeyBook> keys, std::vector<effect::Verify>& wanted) {
  const size_t piece = (wanted.size() + threads_ - 1) / threads_;
  for (size_t first = 0; first < wanted.size(); first += piece) {
    const auto begin = wanted.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end =
        wanted.begin() + static_cast<std::ptrdiff_t>(std::min(first + piece, wanted.size()));
    std::vector<effect::Verify> part(std::make_move_iterator(begin), std::make_move_iterator(end));
    asio::post(pool_, [this, keys, part = std::move(part)]() mutable {
      std::vector<Input> answers;
      answers.reserve(part.size());
      {
        const Lent tools(*this);
        for (effect::Verify& one : part) {
          const Message& message = *one.message;
          const bool valid =
              tools.verify(*keys, message.sender, message.statement(chain_), message.signature);
          answers.emplace_back(input::Verified{one.token, valid, std::move(one.message)});
        }
      }
      answer_(std::move(answers));
    });
  }
  wanted.clear();
}

void CryptoPool::verify(std::shared_ptr<const KeyBook> keys, effect::VerifyClaims wanted) {
  asio::post(pool_, [this, keys = std::move(keys), wanted = std::move(wanted)] {
    bool valid = false;
    {
      const Lent tools(*this);
      const std::vector<SignedStatement>& claims = wanted.claims->claims;
      valid = std::all_of(claims.begin(), claims.end(), [&](const SignedStatement& claim) {
        return tools.verify(*keys, claim.signer, claim.statement, claim.signature);
      });
    }
    std::vector<Input> answers;
    answers.emplace_back(input::Verified{wanted.token, valid, {}});
    answer_(std::move(answers));
  });
}

void CryptoPool::verify(effect::VerifyPayloads wanted) {
  asio::post(pool_, [this, wanted = std::move(wanted)] {
    const std::vector<PayloadRef>& payloads = wanted.block->payloads;
    const bool valid = std::all_of(payloads.begin(), payloads.end(),
                                   [this](const PayloadRef& payload) { return is_good(*payload); });
    std::vector<Input> answers;
    answers.emplace_back(input::Verified{wanted.token, valid, {}});
    answer_(std::move(answers));
  });
}

bool CryptoPool::is_good(const Payload& payload) {
  if (verified_.contains(payload)) return true;
  if (!check_payload_(payload)) return false;
  verified_.add(payload);
  return true;
}

void CryptoPool::check(PayloadRef payload, std::function<void(bool good)> answer) {
  asio::post(admission_, [this, payload = std::move(payload), answer = std::move(answer)] {
    answer(is_good(*payload));
  });
}

void CryptoPool::sign(effect::Sign wanted) {
  asio::post(pool_, [this, wanted = std::move(wanted)] {
    Signature signature;
    {
      const Lent tools(*this);
      signature = tools->signer->sign(wanted.statement);
    }
    std::vector<Input> answers;
    answers.emplace_back(input::Signed{wanted.token, signature});
    answer_(std::move(answers));
  });
}

}  // namespace govchain::consensus::node
