#include "analysis/live/fault_driver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/random.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Result;
using consensus::Status;

Status FaultDriver::carry_out(Duration now) {
  while (next_ < steps_.size() && steps_[next_].at <= now) {
    if (Status done = carry_out(steps_[next_++]); !done) return done;
  }
  return consensus::success();
}

Status FaultDriver::end() {
  for (uint32_t i = 0; i < network_.size(); ++i) network_.resume(i);
  if (Status room = disks_.make_room(); !room) return room;
  for (const auto& group : std::exchange(cut_off_, {})) line_->heal(group);
  return consensus::success();
}

Status FaultDriver::carry_out(const FaultStep& step) {
  if (step.kind == FaultStep::Kind::kCut) {
    line_->cut(step.group);
    cut_off_.push_back(step.group);
    return consensus::success();
  }
  if (step.kind == FaultStep::Kind::kHeal) {
    line_->heal(step.group);
    cut_off_.erase(std::find(cut_off_.begin(), cut_off_.end(), step.group));
    return consensus::success();
  }
  for (const sim::ReplicaIndex replica : step.group) {
    if (Status done = carry_out(step, replica); !done) return done;
  }
  return consensus::success();
}

Status FaultDriver::carry_out(const FaultStep& step, uint32_t replica) {
  switch (step.kind) {
    case FaultStep::Kind::kKill:
      return kill(step.fault, replica);
    case FaultStep::Kind::kStart:
      return network_.start(replica);
    case FaultStep::Kind::kPause:
      network_.pause(replica);
      break;
    case FaultStep::Kind::kResume:
      network_.resume(replica);
      break;
    case FaultStep::Kind::kFill:
      ++full_disks_.filled;
      return disks_.fill(replica);
    case FaultStep::Kind::kEmpty: {
      // A busy machine may let a question go unanswered.
      constexpr int kQuestions = 3;
      std::optional<NodeFigures> figures;
      for (int asked = 0; asked < kQuestions && !figures; ++asked) {
        figures = network_.figures(replica);
      }
      if (figures && figures->disk_full) ++full_disks_.noticed;
      return disks_.make_room(replica);
    }
    case FaultStep::Kind::kCut:
    case FaultStep::Kind::kHeal:
      break;
  }
  return consensus::success();
}

Status FaultDriver::kill(size_t fault, uint32_t replica) {
  sim::RandomStream random(seed_, sim::RandomPurpose::kFault, fault * network_.size() + replica);
  const Result<forgetful::Forgotten> forgotten = network_.kill(replica, random);
  if (!forgotten) return forgotten.error();
  ++kills_.kills;
  kills_.unsynced_writes += forgotten->writes;
  kills_.lost_pages += forgotten->lost_pages;
  kills_.kept_pages += forgotten->kept_pages;
  kills_.lost_names += forgotten->lost_names;
  return consensus::success();
}

}  // namespace govchain::analysis::live
