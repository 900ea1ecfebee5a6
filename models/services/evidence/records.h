#pragma once
// Electronic evidence: an object (a file, a reading, a contract) is collected with its hash,
// checked, processed into other evidence and handed from one custodian to the next; who held it
// when, and whether it was ever found altered, is what a court asks. After the Supreme People's
// Court's rules on online litigation (Fashi [2021] 12), articles 16 to 19: what is kept on a chain
// is presumed unaltered since it was put there; whether it was genuine before is shown by how it
// was collected.

#include <cstdint>
#include <vector>

#include "consensus/types.h"
#include "models/ledger/fields.h"
#include "models/ledger/identifiers.h"
#include "models/ledger/state_key.h"

namespace govchain::models::evidence {

inline constexpr uint32_t kContractId = 5;

enum class EvidenceState : uint8_t { kHeld, kHandedOver, kClosed };
[[nodiscard]] constexpr EvidenceState last_value(EvidenceState /*type*/) {
  return EvidenceState::kClosed;
}

enum class Event : uint8_t {
  kCollected,
  kProcessed,   // made out of other evidence
  kChecked,     // an object was compared with the hash, and is the same
  kAltered,     // it was compared and is another
  kHandedOver,  // on its way to `to`
  kAccepted,
  kReturned,  // not accepted: the custodian is the one before
  kClosed,
};
[[nodiscard]] constexpr Event last_value(Event /*type*/) { return Event::kClosed; }

// --- Methods. Who may call is said beside each. Evidence is named by the department that collected
// it and that department's number.

enum class Method : uint16_t {
  kCollect = 1,
  kProcess = 2,
  kCheck = 3,
  kHandOver = 4,
  kAccept = 5,
  kReturn = 6,
  kClose = 7,
};

struct EvidenceName {
  DepartmentId collector;
  uint64_t number = 0;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(collector, number);
  }
  friend auto operator<=>(const EvidenceName&, const EvidenceName&) = default;
};

// Any department, which is the first custodian. The object itself may travel in the block
// (`content`), where it stays; the state keeps its hash. It may stay elsewhere, and `content` is
// empty.
struct Collect {
  uint64_t number = 0;
  consensus::Digest digest;
  std::vector<uint8_t> content;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(number, digest, content);
  }
};
// The custodian of `source`: what was made of it (an extract, a conversion) is evidence of its own.
struct Process {
  EvidenceName source;
  uint64_t number = 0;
  consensus::Digest digest;
  std::vector<uint8_t> content;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(source, number, digest, content);
  }
};
// Any department: the hash of the object that it was shown.
struct Check {
  EvidenceName name;
  consensus::Digest digest;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(name, digest);
  }
};
// The custodian.
struct HandOver {
  EvidenceName name;
  DepartmentId to;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(name, to);
  }
};
// Accept and return: whom it was handed over to. Close: the custodian; its history remains.
struct Named {
  EvidenceName name;
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(name);
  }
};

// --- Records

struct Evidence {
  consensus::Digest digest;
  EvidenceName source;  // of which it was made; collector 0: of none
  DepartmentId custodian;
  DepartmentId receiver;  // while it is handed over; else 0
  EvidenceState state = EvidenceState::kHeld;
  int64_t collected_at = 0;
  uint64_t events = 0;   // entries of its history
  uint32_t altered = 0;  // times it was found altered
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(digest, source, custodian, receiver, state, collected_at, events, altered);
  }
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct HistoryEntry {
  int64_t time = 0;
  Event event = Event::kCollected;
  DepartmentId department;   // who did it
  DepartmentId to;           // handed over to; else 0
  consensus::Digest digest;  // of what was collected or compared; else zero
  template <typename Visitor>
  void fields(Visitor& visit) {
    visit(time, event, department, to, digest);
  }
  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

// --- Keys

[[nodiscard]] inline StateKey evidence_key(const EvidenceName& name) {
  return StateKey(kContractId, 0).with(name.collector).with(name.number);
}
// Entries are numbered from 0.
[[nodiscard]] inline StateKey history_key(const EvidenceName& name, uint64_t index) {
  return StateKey(kContractId, 1).with(name.collector).with(name.number).with(index);
}

}  // namespace govchain::models::evidence
