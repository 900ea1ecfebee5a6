#pragma once
// The signatures of a certificate: its own, or those inside the votes that it was made of.
//
// A replica makes two certificates for every block, out of votes that it holds anyway until the
// next checkpoint. Referring to these instead of copying 64 bytes out of each makes a certificate
// an eighth of the size; and where many replicas live in one process, they share the votes.

#include <cstddef>
#include <initializer_list>
#include <vector>

#include "consensus/pool.h"
#include "consensus/types.h"

namespace govchain::consensus {

class Message;

class SignatureList {
 public:
  SignatureList();
  SignatureList(std::initializer_list<Signature> signatures);
  SignatureList(const SignatureList& other);
  SignatureList(SignatureList&& other) noexcept;
  SignatureList& operator=(const SignatureList& other);
  SignatureList& operator=(SignatureList&& other) noexcept;
  ~SignatureList();

  [[nodiscard]] size_t size() const { return own_.size() + votes_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] const Signature& operator[](size_t index) const;
  // To change one, the list must own it.
  [[nodiscard]] Signature& operator[](size_t index);
  [[nodiscard]] std::vector<Signature> to_vector() const;

  void reserve(size_t count);  // of signatures that the list owns
  void reserve_votes(size_t count);
  // That of this vote, which stays alive with the list. A list holds votes only or none.
  void push_back(const Ref<const Message>& vote);
  void push_back(const Signature& signature);
  void resize(size_t size);
  void clear();

 private:
  void own();

  std::vector<Signature> own_;
  std::vector<Ref<const Message>> votes_;
};

}  // namespace govchain::consensus
