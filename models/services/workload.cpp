#include "models/services/workload.h"

#include <algorithm>
#include <utility>

#include "consensus/assert.h"
#include "consensus/crypto/hash.h"
#include "models/services/evidence/records.h"
#include "models/services/gateway/records.h"
#include "models/services/invoice/records.h"
#include "models/services/licence/records.h"
#include "models/services/sharing/records.h"

namespace govchain::models {
namespace {

constexpr int64_t kDay = 86'400'000'000'000;
constexpr unsigned kSourceShift = 40;
// Cases that only serve to fill the start of a stream are numbered from here.
constexpr uint64_t kFillerCase = 1ULL << 39U;

// What the script of a case needs to know at one of its steps.
struct Step {
  uint64_t number = 0;   // position in the script
  uint64_t matter = 0;   // distinct per case over all sources of the chain
  uint64_t ordinal = 0;  // of the stream
  uint64_t random = 0;
  int64_t wall_time = 0;
  bool misbehave = false;
};

class Stream {
 public:
  Stream(WorkloadConfig config, uint64_t script_length)
      : config_(std::move(config)), script_length_(script_length) {
    GOVCHAIN_ASSERT(!config_.departments.empty() && config_.source < (1U << 20U));
  }

  [[nodiscard]] Step step(uint64_t ordinal, uint64_t random, int64_t wall_time) const {
    const uint64_t round = ordinal / script_length_;
    Step step;
    step.number = ordinal % script_length_;
    uint64_t number = kFillerCase + ordinal;
    if (round >= step.number * kLag) {
      number = round - step.number * kLag;
    } else {
      step.number = 0;
    }
    step.matter = (static_cast<uint64_t>(config_.source) << kSourceShift) + number + 1;
    step.ordinal = ordinal;
    step.random = random;
    step.wall_time = wall_time;
    step.misbehave = (random >> 32U) % 1'000 < config_.refused_per_thousand;
    return step;
  }

  // The `choice`-th department, in turn, that has the role.
  [[nodiscard]] const Department& with_role(Role role, uint64_t choice) const {
    uint64_t holders = 0;
    for (const Department& department : config_.departments) holders += department.has(role);
    GOVCHAIN_ASSERT(holders > 0);
    uint64_t wanted = choice % holders;
    for (const Department& department : config_.departments) {
      if (department.has(role) && wanted-- == 0) return department;
    }
    return config_.departments.front();
  }
  [[nodiscard]] const Department& any(uint64_t choice) const {
    return config_.departments[choice % config_.departments.size()];
  }
  // Somebody in the region in which the licence holds.
  [[nodiscard]] const Department& in_region(RegionId region, uint64_t choice) const {
    for (uint64_t i = 0; i < config_.departments.size(); ++i) {
      const Department& department = any(choice + i);
      if (department.region == region) return department;
    }
    return any(choice);
  }

  template <typename Arguments, typename Method>
  void emit(const Step& step, const Department& sender, PartyId on_behalf_of, uint32_t contract,
            Method method, const Arguments& arguments, std::vector<uint8_t>& out) const {
    Transaction transaction;
    transaction.chain = config_.chain;
    transaction.sender = sender.id;
    transaction.on_behalf_of = on_behalf_of;
    transaction.nonce = (static_cast<uint64_t>(config_.source) << kSourceShift) + step.ordinal;
    transaction.expiry = step.wall_time + config_.validity;
    transaction.contract = contract;
    transaction.method = static_cast<uint16_t>(method);
    encode_fields(arguments, transaction.arguments);
    out.clear();
    encode_transaction(transaction, out);
  }

 private:
  WorkloadConfig config_;
  uint64_t script_length_;
};

consensus::Digest digest_of(uint64_t a, uint64_t b) {
  consensus::Digest digest;
  for (unsigned i = 0; i < 8; ++i) {
    digest.bytes.at(i) = static_cast<uint8_t>(a >> (8U * i));
    digest.bytes.at(8 + i) = static_cast<uint8_t>(b >> (8U * i));
  }
  return digest;
}

// --- Sharing: registered, applied for, answered, then looked at thirteen times. One resource in
// four is unconditional; there the application gives way to further accesses.

constexpr uint64_t kSharingSteps = 16;
constexpr uint64_t kUnconditionalShare = 4;
constexpr uint32_t kRecordsPerResource = 1'000;

void make_sharing(const Stream& stream, const Step& step, std::vector<uint8_t>& out) {
  using sharing::Method;
  const uint64_t matter = step.matter;
  const bool conditional = matter % kUnconditionalShare != 0;
  const Department& manager = stream.any(matter);
  const Department& user = stream.any(matter + 1);
  const bool own = manager.id == user.id;  // a chain with a single department
  const sharing::ResourceId resource(matter);
  const sharing::Purpose purpose(1 + matter % 97);
  if (step.number == 0) {
    stream.emit(
        step, manager, kNobody, sharing::kContractId, Method::kRegister,
        sharing::RegisterResource{.resource = resource,
                                  .data_class = conditional ? sharing::DataClass::kConditional
                                                            : sharing::DataClass::kUnconditional,
                                  .answer_days = sharing::kDefaultAnswerDays,
                                  .description = digest_of(matter, 0)},
        out);
  } else if (step.number == 1 && conditional && !own) {
    stream.emit(step, user, kNobody, sharing::kContractId, Method::kApply,
                sharing::Apply{.resource = resource, .number = 1, .purpose = purpose, .uses = 20},
                out);
  } else if (step.number == 2 && conditional && !own) {
    stream.emit(step, manager, kNobody, sharing::kContractId, Method::kAnswer,
                sharing::Answer{.resource = resource,
                                .applicant = user.id,
                                .number = 1,
                                .approve = true,
                                .uses = 20,
                                .expiry = step.wall_time + 30 * kDay},
                out);
  } else {
    // A look for another matter than the grant is for is refused; where no grant applies, naming
    // one is.
    const bool granted = conditional && !own;
    sharing::Access access{.resource = resource,
                           .number = granted ? 1U : 0U,
                           .purpose = purpose,
                           .record = digest_of(step.random % kRecordsPerResource, 1),
                           .officer = 1 + step.random % 50};
    if (step.misbehave && granted) access.purpose = sharing::Purpose(purpose.value() + 100);
    if (step.misbehave && !granted) access.number = 9;
    stream.emit(step, user, kNobody, sharing::kContractId, Method::kAccess, access, out);
  }
}

// --- E-licence: issued, authorised for four looks, shown twice, suspended, resumed, shown twice.

constexpr uint64_t kLicenceSteps = 8;

void make_licence(const Stream& stream, const Step& step, std::vector<uint8_t>& out) {
  using licence::Method;
  const uint64_t matter = step.matter;
  const Department& authority = stream.with_role(Role::kLicenceAuthority, matter);
  const Department& verifier = stream.in_region(authority.region, matter);
  const PartyId holder(1 + matter % 1'000'000);
  const uint32_t id = licence::kContractId;
  switch (step.number) {
    case 0:
      stream.emit(step, authority, kNobody, id, Method::kIssue,
                  licence::Issue{.number = matter,
                                 .type = licence::LicenceType(1 + matter % 40),
                                 .holder = holder,
                                 .region = authority.region,
                                 .expiry = step.wall_time + 365 * kDay},
                  out);
      break;
    case 1:
      stream.emit(step, stream.with_role(Role::kPortal, matter), holder, id, Method::kAuthorise,
                  licence::Authorise{.authority = authority.id,
                                     .number = matter,
                                     .verifier = verifier.id,
                                     .authorisation = 1,
                                     .uses = 4,
                                     .expiry = step.wall_time + 7 * kDay},
                  out);
      break;
    case 4:
    case 5:
      stream.emit(step, authority, kNobody, id,
                  step.number == 4 ? Method::kSuspend : Method::kResume,
                  licence::Named{.number = matter}, out);
      break;
    default:
      stream.emit(step, verifier, kNobody, id, Method::kPresent,
                  licence::Present{.authority = authority.id,
                                   .number = matter,
                                   .authorisation = step.misbehave ? 2U : 1U,
                                   .matter = step.random},
                  out);
  }
}

// --- E-invoice: four numbers allotted; the first invoice changes hands and is claimed, the second
// is cancelled by the third, the fourth is claimed at once.

constexpr uint64_t kInvoiceSteps = 8;

void make_invoice(const Stream& stream, const Step& step, std::vector<uint8_t>& out) {
  using invoice::Method;
  const uint64_t matter = step.matter;
  const Department& tax = stream.with_role(Role::kTaxAuthority, matter);
  const Department& unit = stream.with_role(Role::kReimburser, matter);
  const PartyId issuer(matter);
  const PartyId buyer((1ULL << 60U) + matter % 1'000'000);
  const PartyId second_owner(buyer.value() + 1);
  const uint32_t id = invoice::kContractId;
  const int64_t amount = 100 + static_cast<int64_t>(matter % 1'000'000);
  const auto issue = [&](uint64_t number) {
    stream.emit(
        step, tax, issuer, id, Method::kIssue,
        invoice::Issue{.number = number, .buyer = buyer, .amount = amount, .tax = amount / 17},
        out);
  };
  const auto claim = [&](uint64_t number, PartyId owner) {
    stream.emit(step, unit, owner, id, Method::kClaim,
                invoice::Claim{.issuer = issuer, .number = number, .amount = amount}, out);
  };
  switch (step.number) {
    case 0:
      stream.emit(step, tax, kNobody, id, Method::kAllot,
                  invoice::Allot{.issuer = issuer, .count = 4}, out);
      break;
    case 1:
      issue(1);
      break;
    case 2:
      stream.emit(step, stream.with_role(Role::kPortal, matter), buyer, id, Method::kTransfer,
                  invoice::Transfer{.issuer = issuer, .number = 1, .to = second_owner}, out);
      break;
    case 3:
      claim(1, second_owner);
      break;
    case 4:
      issue(2);
      break;
    case 5:
      stream.emit(step, tax, issuer, id, Method::kRedLetter,
                  invoice::RedLetter{.number = 2, .red_number = 3}, out);
      break;
    case 6:
      issue(4);
      break;
    default:
      // The classic fraud: the paper that was reimbursed already is handed in once more.
      claim(step.misbehave ? 1 : 4, step.misbehave ? second_owner : buyer);
  }
}

// --- Gateway requests: one look at a resource of the other chain each.

void make_gateway_request(const Stream& stream, const Step& step, consensus::ChainId target,
                          int64_t timeout, std::vector<uint8_t>& out) {
  const uint64_t resource =
      step.misbehave ? kSharedCatalogueSize + 1 : 1 + step.random % kSharedCatalogueSize;
  const sharing::Access access{.resource = sharing::ResourceId(resource),
                               .number = 0,
                               .purpose = sharing::Purpose(1 + step.matter % 97),
                               .record = digest_of(step.random % kRecordsPerResource, 1),
                               .officer = 1 + step.random % 50};
  gateway::MakeRequest request;
  request.number = step.matter;
  request.request.target = target;
  request.request.call = {.contract = sharing::kContractId,
                          .method = static_cast<uint16_t>(sharing::Method::kAccess),
                          .arguments = encode_fields(access)};
  request.request.deadline = step.wall_time + timeout;
  request.request.submitted_at = step.wall_time;
  stream.emit(step, stream.any(step.matter), kNobody, gateway::kContractId,
              gateway::Method::kRequest, request, out);
}

// --- Evidence: each case is one call.

void make_evidence(const Stream& stream, const Step& step, consensus::Bytes size,
                   consensus::HashAlgorithm algorithm, std::vector<uint8_t>& out) {
  const std::vector<uint8_t> fixed = encode_fields(evidence::Collect{});
  evidence::Collect collect;
  collect.number = step.matter;
  const uint64_t wanted = std::max(size, kLeastEvidenceCall).count();
  collect.content.resize(wanted - fixed.size());
  // SplitMix64 (Steele, Lea, Flood 2014), from the ordinal and the stream's random number.
  uint64_t state = step.random ^ (step.matter * 0x9E3779B97F4A7C15ULL);
  for (size_t i = 0; i < collect.content.size(); ++i) {
    if (i % 8 == 0) state += 0x9E3779B97F4A7C15ULL;
    uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    collect.content[i] = static_cast<uint8_t>((z ^ (z >> 27U)) >> (8U * (i % 8)));
  }
  collect.digest = consensus::hash(algorithm, collect.content);
  if (step.misbehave) collect.digest = digest_of(step.matter, 3);
  stream.emit(step, stream.any(step.matter), kNobody, evidence::kContractId,
              evidence::Method::kCollect, collect, out);
}

using Script = void (*)(const Stream&, const Step&, std::vector<uint8_t>&);

WorkloadMaker make_workload(WorkloadConfig config, uint64_t steps, Script script) {
  return [stream = Stream(std::move(config), steps), script](
             uint64_t ordinal, uint64_t random, int64_t wall_time, std::vector<uint8_t>& out) {
    script(stream, stream.step(ordinal, random, wall_time), out);
  };
}

}  // namespace

WorkloadMaker sharing_workload(WorkloadConfig config) {
  return make_workload(std::move(config), kSharingSteps, make_sharing);
}
WorkloadMaker licence_workload(WorkloadConfig config) {
  return make_workload(std::move(config), kLicenceSteps, make_licence);
}
WorkloadMaker invoice_workload(WorkloadConfig config) {
  return make_workload(std::move(config), kInvoiceSteps, make_invoice);
}

WorkloadMaker evidence_workload(WorkloadConfig config, consensus::Bytes size,
                                consensus::HashAlgorithm hash) {
  return [stream = Stream(std::move(config), 1), size, hash](
             uint64_t ordinal, uint64_t random, int64_t wall_time, std::vector<uint8_t>& out) {
    make_evidence(stream, stream.step(ordinal, random, wall_time), size, hash, out);
  };
}

WorkloadMaker gateway_workload(WorkloadConfig config, consensus::ChainId target, int64_t timeout) {
  return [stream = Stream(std::move(config), 1), target, timeout](
             uint64_t ordinal, uint64_t random, int64_t wall_time, std::vector<uint8_t>& out) {
    make_gateway_request(stream, stream.step(ordinal, random, wall_time), target, timeout, out);
  };
}

std::vector<GenesisRecord> shared_catalogue(DepartmentId manager, uint32_t count) {
  std::vector<GenesisRecord> records;
  for (uint64_t id = 1; id <= count; ++id) {
    records.push_back(
        {.key = sharing::resource_key(sharing::ResourceId(id)),
         .value = encode_fields(sharing::Resource{.manager = manager,
                                                  .data_class = sharing::DataClass::kUnconditional,
                                                  .answer_days = sharing::kDefaultAnswerDays,
                                                  .withdrawn = false,
                                                  .description = digest_of(id, 2)})});
  }
  return records;
}

uint64_t cost_units(const WorkUnits& work) {
  constexpr uint64_t kRead = 2;
  constexpr uint64_t kWrite = 12;
  constexpr uint64_t kSignature = 100;
  constexpr uint64_t kBytesPerUnit = 64;
  return kRead * work.reads + kWrite * work.writes + work.hashes + work.bytes / kBytesPerUnit +
         kSignature * work.signature_checks;
}

}  // namespace govchain::models
