#include "analysis/live/history_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "analysis/live/complaints.h"
#include "sim/checkers/linearizability.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Height;

namespace {

struct Operation {
  Duration called;
  Duration returned;
  Height height;
  uint32_t replica = 0;  // that answered
  bool is_read = false;
};

// Payloads of whose heights nobody was told say nothing about the order.
std::vector<Operation> operations_of(const LoadRecords& records) {
  std::vector<Operation> operations;
  for (const SubmissionRecord& one : records.submissions) {
    if (one.fate != Fate::kAcknowledged || one.height == Height()) continue;
    operations.push_back({one.sent, one.answered, one.height, one.answered_by, false});
  }
  for (const ReadRecord& one : records.reads) {
    if (one.fate != ReadFate::kAnswered) continue;
    operations.push_back({one.called, one.answered, one.height, one.replica, true});
  }
  return operations;
}

// By the order of their calls, beside the order of their answers: what was asked after an answer
// had come must not stand before that in the chain, and what is written then must stand behind it.
void check_order(const std::vector<Operation>& operations, Complaints& complaints) {
  std::vector<const Operation*> by_call;
  by_call.reserve(operations.size());
  for (const Operation& one : operations) by_call.push_back(&one);
  std::vector<const Operation*> by_answer = by_call;
  std::sort(by_call.begin(), by_call.end(),
            [](const Operation* a, const Operation* b) { return a->called < b->called; });
  std::sort(by_answer.begin(), by_answer.end(),
            [](const Operation* a, const Operation* b) { return a->returned < b->returned; });
  const Operation* highest = nullptr;
  auto answered = by_answer.begin();
  for (const Operation* const one : by_call) {
    for (; answered != by_answer.end() && (*answered)->returned < one->called; ++answered) {
      if (highest == nullptr || (*answered)->height > highest->height) highest = *answered;
    }
    if (highest == nullptr) continue;
    const bool fits = one->is_read ? one->height >= highest->height : one->height > highest->height;
    if (fits) continue;
    complaints.add("real-time order",
                   fmt::format("a {} of {:.3f} s stands at height {} by replica {}, but replica {} "
                               "had answered from height {} at {:.3f} s",
                               one->is_read ? "read" : "payload", one->called.to_seconds(),
                               one->height.value(), one->replica, highest->replica,
                               highest->height.value(), highest->returned.to_seconds()),
                   one->returned);
  }
}

// Where its first transaction was executed; nullopt: nowhere. The chains agree, or were complained
// about.
std::optional<Height> height_of(const SubmissionRecord& submission,
                                const std::vector<ReplicaChain>& chains) {
  for (const ReplicaChain& chain : chains) {
    const auto found = chain.payloads.find(submission.payload);
    if (found != chain.payloads.end()) return found->second;
  }
  return std::nullopt;
}

void check_answers(const LoadRecords& records, const std::vector<ReplicaChain>& chains,
                   HistoryChecked& done, Complaints& complaints) {
  const bool all_blocks = std::any_of(chains.begin(), chains.end(), [](const ReplicaChain& chain) {
    return chain.is_complete && chain.oldest <= Height(1);
  });
  for (const ReadRecord& read : records.reads) {
    if (read.fate != ReadFate::kAnswered) continue;
    const std::optional<Height> height = height_of(records.submissions[read.submission], chains);
    if (!height && !all_blocks) continue;  // it may be in a block that nobody has any longer
    ++done.reads;
    if (read.present == (height && *height <= read.height)) continue;
    complaints.add(
        "read",
        fmt::format(
            "replica {} answered from height {} that a transaction was {}executed, "
            "which is {}",
            read.replica, read.height.value(), read.present ? "" : "not ",
            height ? fmt::format("in block {}", height->value()) : std::string("in no block")),
        read.answered);
  }
}

void check_registers(const LoadRecords& records, HistoryChecked& done, Complaints& complaints) {
  using Kind = sim::RegisterOperation::Kind;
  const auto time = [](Duration at) { return static_cast<uint64_t>(at.nanoseconds()); };
  std::map<uint64_t, std::vector<sim::RegisterOperation>> histories;
  for (const ReadRecord& read : records.reads) {
    if (read.fate != ReadFate::kAnswered) continue;
    histories[read.submission].push_back(
        {Kind::kRead, read.present ? 1U : 0U, time(read.called), time(read.answered)});
  }
  for (auto& [index, history] : histories) {
    const SubmissionRecord& write = records.submissions[index];
    if (write.sent > Duration::zero()) {
      // A refusal is of one attempt: an earlier one may have got it ordered.
      const bool known = write.fate == Fate::kAcknowledged;
      history.push_back({Kind::kWrite, 1, time(write.sent),
                         known ? std::optional(time(write.answered)) : std::nullopt});
    }
    ++done.registers;
    const sim::Linearizability verdict = sim::check_register(history);
    if (verdict == sim::Linearizability::kLinearizable) continue;
    complaints.add(
        "linearizability",
        fmt::format("{} reads of whether a transaction was executed, submitted at {:.3f} s, "
                    "{}",
                    history.size() - 1, write.sent.to_seconds(),
                    verdict == sim::Linearizability::kViolated ? "fit no order"
                                                               : "are too many to find an order"),
        write.sent);
  }
}

}  // namespace

void check_history(const LoadRecords& records, const std::vector<ReplicaChain>& chains,
                   HistoryChecked& done, std::vector<sim::Violation>& violations) {
  Complaints complaints(violations);
  const std::vector<Operation> operations = operations_of(records);
  done.operations += operations.size();
  check_order(operations, complaints);
  check_answers(records, chains, done, complaints);
  check_registers(records, done, complaints);
  complaints.finish();
}

}  // namespace govchain::analysis::live
