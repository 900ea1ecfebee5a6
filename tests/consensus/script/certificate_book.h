#pragma once
// Certificates and TIMEOUTs that HotStuff's replicas have shown each other, so that a liar's
// proposal can rest on real ones: on an older one than it should.

#include <map>
#include <optional>

#include "consensus/hotstuff/messages.h"

namespace govchain::consensus::testing {

class CertificateBook {
 public:
  void note(const Message& message);
  // The certificate of the node of this view; null if nobody has shown it.
  [[nodiscard]] CertificateRef find(View view) const;
  // Of all who have said that they give up the view; nullopt if nobody has.
  [[nodiscard]] std::optional<hotstuff::TimeoutCertificate> timeouts(View view) const;

 private:
  void note(const CertificateRef& certificate);
  std::map<View, CertificateRef> certificates_;
  std::map<View, std::map<ReplicaId, hotstuff::TimeoutCertificate::Entry>> timeouts_;
};

}  // namespace govchain::consensus::testing
