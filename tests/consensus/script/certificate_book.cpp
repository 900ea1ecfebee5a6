#include "tests/consensus/script/certificate_book.h"

namespace govchain::consensus::testing {

void CertificateBook::note(const CertificateRef& certificate) {
  if (certificate) certificates_.emplace(certificate->statement.view, certificate);
}

void CertificateBook::note(const Message& message) {
  using hotstuff::MessageType;
  if (message.protocol != Protocol::kHotstuff) return;
  const auto type = static_cast<MessageType>(message.type);
  if (type == MessageType::kProposal) {
    const auto body = hotstuff::decode_proposal(message.body);
    if (body) note(body->justify);
  } else if (type == MessageType::kTimeout) {
    const auto body = hotstuff::decode_timeout_body(message.body);
    if (body) note(body->highest);
  } else if (type == MessageType::kAdvance) {
    const auto highest = hotstuff::decode_certificate_body(message.body);
    if (highest) note(*highest);
  }
  if (type != MessageType::kTimeout) return;
  const std::optional<View> highest = hotstuff::highest_of(message.digest);
  if (!highest) return;
  timeouts_[message.view][message.sender] = {message.sender, *highest, message.signature};
}

CertificateRef CertificateBook::find(View view) const {
  const auto found = certificates_.find(view);
  return found == certificates_.end() ? CertificateRef() : found->second;
}

std::optional<hotstuff::TimeoutCertificate> CertificateBook::timeouts(View view) const {
  const auto found = timeouts_.find(view);
  if (found == timeouts_.end()) return std::nullopt;
  hotstuff::TimeoutCertificate certificate;
  certificate.view = view;
  for (const auto& [sender, entry] : found->second) certificate.entries.push_back(entry);
  return certificate;
}

}  // namespace govchain::consensus::testing
