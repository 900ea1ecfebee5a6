#pragma once
// What people want from the government, in cases: the unit in which demand is counted.

#include <cstdint>
#include <optional>
#include <string>

#include "sim/units.h"

namespace govchain::models {

// Where the yearly rate was observed. A national figure already averages over rich and poor
// provinces, so adoption only moves it between them; a leading city's figure is reached elsewhere
// only as far as adoption allows.
enum class AnchorScope : uint8_t { kNational, kLeader };

struct ServiceCase {
  std::string id;    // "administrative-approval"
  std::string name;  // "administrative approval"
  // Cases per 1,000 inhabitants and year.
  double low = 0;
  double mid = 0;
  double high = 0;
  AnchorScope scope = AnchorScope::kNational;
  // Per case.
  double ledger_writes = 0;
  double reads = 0;
  double calls = 0;               // to another department's system
  double writing_call_share = 0;  // of the calls: change something there (two-phase), 0..1
  sim::Bytes payload{256};        // business bytes of one ledger write
  double execution_factor = 1;    // contract cost relative to the machine profile's
  // Share of the cases behind which a person waits: blocked ones go by hand, the rest (machine
  // calls) stays unserved.
  double person_share = 1;
  double minutes_by_hand = 0;  // clerk's minutes per call that cannot be made
  double provider_weight = 1;  // how often other departments call this one, relative
  // True for the service that counts the calls themselves ("data sharing"): it contains the calls
  // of all other services, which are taken out of it, and its writes are access records that may be
  // folded.
  bool counts_calls = false;
  // True for "administrative approval": contains those services below.
  bool contains_registrations = false;
  bool is_registration = false;  // inside the service that contains registrations
};

// What a service is owed, whoever runs it.
struct ServiceLevel {
  sim::Duration latency_p99 = sim::Duration::seconds(2);  // end to end: submission to finality
  double availability = 0.999;                            // share of the year
  sim::Duration recovery_point;                           // data that may be lost; zero: none
  sim::Duration recovery_time = sim::Duration::seconds(3600);
  uint32_t replica_failures = 1;  // arbitrary (Byzantine) replicas at the same time
  uint32_t site_failures = 1;     // machine rooms at the same time
};

}  // namespace govchain::models
