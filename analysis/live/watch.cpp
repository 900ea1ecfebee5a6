#include "analysis/live/watch.h"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>

#include "analysis/live/measure.h"

namespace govchain::analysis::live {

using consensus::Bytes;
using consensus::Duration;

namespace {

// Files come and go meanwhile; one that is gone takes no room.
Bytes room_taken(const std::string& folder) {
  namespace fs = std::filesystem;
  constexpr uint64_t kBlock = 512;  // POSIX, st_blocks
  Bytes total;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    struct stat info {};
    if (::lstat(at->path().c_str(), &info) != 0) continue;
    total += Bytes(static_cast<uint64_t>(info.st_blocks) * kBlock);
  }
  return total;
}

NodeSample sample_of(const Network& network, uint32_t replica) {
  NodeSample sample;
  sample.stored = room_taken(network.data_folder(replica));
  const std::optional<NodeFigures> figures = network.figures(replica);
  const std::optional<ProcessHoldings> holdings = network.holdings(replica);
  if (!figures || !holdings) return sample;
  sample.is_up = true;
  sample.committed_height = figures->committed_height;
  sample.resident = holdings->resident;
  sample.open_files = holdings->open_files;
  return sample;
}

}  // namespace

void Watch::look(Duration now, const Network& network) {
  if (every_ == Duration::zero()) return;
  if (now < every_ * static_cast<int64_t>(samples_.size() + 1)) return;
  Sample sample;
  sample.at = now;
  for (uint32_t i = 0; i < network.size(); ++i) sample.nodes.push_back(sample_of(network, i));
  samples_.push_back(std::move(sample));
}

void Watch::add_clients(const sim::WorldSpec& world, const LoadRecords& records) {
  for (const SubmissionRecord& submission : records.submissions) {
    for (const TransactionRecord& one : submission.transactions) {
      const std::optional<Duration> latency = latency_of(world, submission, one);
      if (!latency) continue;
      const auto sample =
          std::lower_bound(samples_.begin(), samples_.end(), one.intended,
                           [](const Sample& a, Duration intended) { return a.at < intended; });
      if (sample == samples_.end()) continue;
      ++sample->committed;
      sample->latency.record(*latency);
    }
  }
}

}  // namespace govchain::analysis::live
