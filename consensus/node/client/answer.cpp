#include "consensus/node/client/answer.h"

namespace govchain::consensus::node {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPending:
      return "pending";
    case Outcome::kFinal:
      return "final";
    case Outcome::kOrdered:
      return "ordered";
    case Outcome::kUnknown:
      return "unknown";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kMissing:
      return "missing";
  }
  return "";
}

std::string_view name_of(Cause cause) {
  switch (cause) {
    case Cause::kNone:
      return "none";
    case Cause::kOversize:
      return "oversize";
    case Cause::kForged:
      return "forged";
    case Cause::kFull:
      return "full";
    case Cause::kNoLeader:
      return "no_leader";
    case Cause::kWitness:
      return "witness";
    case Cause::kDraining:
      return "draining";
    case Cause::kStopped:
      return "stopped";
    case Cause::kDuplicate:
      return "duplicate";
    case Cause::kOvertaken:
      return "overtaken";
    case Cause::kExpired:
      return "expired";
  }
  return "";
}

}  // namespace govchain::consensus::node
