#include "consensus/signature_list.h"

#include "consensus/assert.h"
#include "consensus/message.h"

namespace govchain::consensus {

SignatureList::SignatureList() = default;
SignatureList::SignatureList(std::initializer_list<Signature> signatures) : own_(signatures) {}
SignatureList::SignatureList(const SignatureList& other) = default;
SignatureList::SignatureList(SignatureList&& other) noexcept = default;
SignatureList& SignatureList::operator=(const SignatureList& other) = default;
SignatureList& SignatureList::operator=(SignatureList&& other) noexcept = default;
SignatureList::~SignatureList() = default;

const Signature& SignatureList::operator[](size_t index) const {
  return votes_.empty() ? own_[index] : votes_[index]->signature;
}

Signature& SignatureList::operator[](size_t index) {
  own();
  return own_[index];
}

std::vector<Signature> SignatureList::to_vector() const {
  std::vector<Signature> signatures = own_;
  for (const MessageRef& vote : votes_) signatures.push_back(vote->signature);
  return signatures;
}

void SignatureList::reserve(size_t count) { own_.reserve(count); }

void SignatureList::reserve_votes(size_t count) { votes_.reserve(count); }

void SignatureList::push_back(const MessageRef& vote) {
  GOVCHAIN_ASSERT(own_.empty());
  // A recycled list that once owned signatures must not keep their room as well, unless it is so
  // little that getting it again for every other certificate costs more: 4 kB, a quorum of 96.
  constexpr size_t kKeptSignatures = 64;
  if (own_.capacity() > kKeptSignatures) own_ = std::vector<Signature>();
  votes_.push_back(vote);
}

void SignatureList::push_back(const Signature& signature) {
  own();
  own_.push_back(signature);
}

void SignatureList::resize(size_t size) {
  own();
  own_.resize(size);
}

void SignatureList::clear() {
  own_.clear();
  votes_.clear();
}

void SignatureList::own() {
  if (votes_.empty()) return;
  own_ = to_vector();
  votes_.clear();
}

}  // namespace govchain::consensus
