#pragma once
// Two chains that know each other's members, with checkpoints that those members sign.

#include <map>
#include <memory>
#include <vector>

#include "consensus/crypto/crypto.h"
#include "consensus/protocols.h"
#include "models/services/gateway/contract.h"
#include "models/services/sharing/contract.h"
#include "models/services/standard_chain.h"
#include "models/services/workload.h"
#include "tests/models/ledger/chain_under_test.h"

namespace govchain::models::testing {

// The replicas of a chain, as far as they sign checkpoints.
class Members {
 public:
  Members(uint64_t chain, uint32_t count, consensus::Protocol protocol,
          consensus::SignatureScheme scheme)
      : chain_(chain), protocol_(protocol), scheme_(scheme) {
    for (uint32_t i = 0; i < count; ++i) {
      signers_.push_back(consensus::make_signer(scheme, 17, chain_, consensus::ReplicaId(i)));
      membership_.members.push_back(
          {.id = consensus::ReplicaId(i), .weight = 1, .key = signers_.back()->public_key()});
    }
  }
  [[nodiscard]] gateway::ForeignChain registration() const {
    gateway::ForeignChain foreign;
    foreign.chain = chain_;
    foreign.scheme = static_cast<uint8_t>(scheme_);
    foreign.protocol = static_cast<uint8_t>(protocol_);
    gateway::set_membership(foreign, membership_);
    foreign.acting_as = DepartmentId(6);
    return foreign;
  }
  // By members `first`, first + 1, …
  [[nodiscard]] consensus::CertificateRef certify(uint64_t height, const consensus::Digest& root,
                                                  uint32_t signatures, uint32_t first = 0) {
    auto certificate = consensus::Ref<consensus::Certificate>::make();
    certificate->statement = {.chain = chain_,
                              .epoch = {},
                              .protocol = protocol_,
                              .type = consensus::kCheckpointStatement,
                              .view = {},
                              .height = consensus::Height(height),
                              .digest = root,
                              .version = membership_.version};
    for (uint32_t i = first; i < first + signatures; ++i) {
      certificate->signers.emplace_back(i);
      certificate->signatures.push_back(signers_[i]->sign(certificate->statement));
    }
    return certificate;
  }
  [[nodiscard]] uint32_t quorum() const {
    return static_cast<uint32_t>(
        consensus::quorum_of(consensus::traits_of(protocol_).faults, signers_.size()));
  }
  [[nodiscard]] const consensus::Membership& membership() const { return membership_; }
  void set_version(consensus::ProtocolVersion version) { membership_.version = version; }
  void set_role(uint32_t member, consensus::MemberRole role, uint64_t weight) {
    membership_.members[member].role = role;
    membership_.members[member].weight = weight;
  }

 private:
  consensus::ChainId chain_;
  consensus::Protocol protocol_;
  consensus::SignatureScheme scheme_;
  std::vector<std::unique_ptr<consensus::Signer>> signers_;
  consensus::Membership membership_;
};

// Departments 1-5 have one role each (5 is the gateway), 6 is a portal and stands for the other
// chain, 7-10 repeat the roles of 2-5.
inline LedgerConfig connected_chain(uint64_t chain, const gateway::ForeignChain& other,
                                    uint64_t proof_interval) {
  LedgerConfig config = standard_chain(consensus::ChainId(chain), 10, 1);
  config.genesis = shared_catalogue(DepartmentId(1), 4);
  config.genesis.push_back(gateway::register_foreign_chain(other));
  config.proof_interval = proof_interval;
  config.proof_states = 4096;
  return config;
}
inline constexpr uint64_t kGatewayDepartment = 5;
inline constexpr uint64_t kOtherGatewayDepartment = 10;

// A request whose effect is one entry in the log of the target's resource 1, by an official whose
// number is the request's.
inline gateway::MakeRequest make_request(uint64_t number, uint64_t target, int64_t deadline,
                                         bool possible = true) {
  const sharing::Access access{.resource = sharing::ResourceId(possible ? 1 : 100'000),
                               .number = 0,
                               .purpose = sharing::Purpose(1),
                               .record = {},
                               .officer = number};
  gateway::MakeRequest made;
  made.number = number;
  made.request.target = consensus::ChainId(target);
  made.request.call = {.contract = sharing::kContractId,
                       .method = static_cast<uint16_t>(sharing::Method::kAccess),
                       .arguments = encode_fields(access)};
  made.request.deadline = deadline;
  return made;
}

// How often each request took effect on the target.
inline std::map<uint64_t, int> effects(const StateReader& target) {
  std::map<uint64_t, int> counted;
  for (const sharing::LogEntry& entry :
       sharing::read_log(target, sharing::ResourceId(1), 0, 1'000'000)) {
    ++counted[entry.officer];
  }
  return counted;
}

}  // namespace govchain::models::testing
