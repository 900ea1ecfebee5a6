#include "analysis/live/live.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "analysis/command/output_file.h"
#include "analysis/live/child_process.h"
#include "analysis/live/delay_line.h"
#include "analysis/live/forgetful/preloadable.h"
#include "analysis/live/free_ports.h"
#include "analysis/live/load_process.h"
#include "analysis/live/network.h"
#include "analysis/live/plan.h"
#include "analysis/live/small_disk.h"
#include "consensus/node/client/bytes_text.h"
#include "consensus/protocols.h"

namespace govchain::analysis::live {

using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;
using consensus::Status;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{10};
constexpr Duration kStartPatience = Duration::seconds(60);
constexpr Duration kStopPatience = Duration::seconds(15);
constexpr Duration kLongestDrain = Duration::seconds(30);
// So small that a full disk is noticed within seconds.
constexpr consensus::Bytes kSmallSegment{uint64_t{1} << 20U};
constexpr consensus::Bytes kOftenWritten{uint64_t{16} << 10U};
// Between saying "start" and the start.
constexpr Duration kLead = Duration::milliseconds(200);
// Replicas that are behind ask when they notice; an idle one does so every few timeouts.
constexpr Duration kLeastCatchUp = Duration::seconds(30);

Duration since(Clock::time_point start) {
  return Duration::nanoseconds(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What is read of the processes at the beginning and at the end of the measured window.
struct Snapshot {
  std::vector<std::optional<NodeFigures>> figures;  // null of one that did not answer
  std::vector<ProcessUsage> usage;
};

class LiveRun {
 public:
  LiveRun(const scenarios::Scenario& scenario, const LiveRequest& request, LivePlan plan)
      : scenario_(scenario),
        world_(scenario.world),
        chain_(world_.chains.front()),
        request_(request),
        plan_(std::move(plan)),
        watch_(request.sample_every) {}

  [[nodiscard]] Result<LiveResult> run() {
    const Clock::time_point begun = Clock::now();
    result_.nodes.resize(plan_.replicas);
    for (const auto stage :
         {&LiveRun::lay_out, &LiveRun::start_nodes, &LiveRun::start_load, &LiveRun::start_beside,
          &LiveRun::follow, &LiveRun::await_load, &LiveRun::catch_up, &LiveRun::read_and_check}) {
      if (Status done = (this->*stage)(); !done) return done.error();
    }
    result_.run.work.wall_seconds = since(begun).to_seconds();
    assemble();
    return std::move(result_);
  }

 private:
  // --- Stages

  [[nodiscard]] Status lay_out() {
    const bool has_line = plan_.cuts || !plan_.delays.empty();
    const uint32_t pairs = has_line ? plan_.replicas * (plan_.replicas - 1) / 2 : 0;
    const Result<uint16_t> port = free_ports(2 * plan_.replicas + pairs);
    if (!port) return port.error();
    const std::vector<DelayedLink> links =
        has_line ? links_between(plan_.replicas, *port,
                                 static_cast<uint16_t>(*port + 2 * plan_.replicas), plan_.delays)
                 : std::vector<DelayedLink>();
    NetworkRequest network;
    network.folder = request_.folder + "/network";
    network.program = request_.program;
    if (plan_.kills) {
      if (request_.forgetful.empty()) {
        return Error{ErrorCode::kNotFound,
                     "a crash forgets what was not synced, and the library for that is not beside "
                     "the program: build the target govchain_forgetful",
                     scenario_.path + " /faults"};
      }
      Result<std::string> library = forgetful::preloadable(request_.forgetful, request_.folder);
      if (!library) return library.error();
      network.forgetful = *std::move(library);
    }
    NetworkLayout& layout = network.layout;
    layout.replicas = plan_.replicas;
    layout.protocol = chain_.protocol;
    layout.scheme = chain_.scheme;
    layout.hash = chain_.engine.hash;
    layout.departments = plan_.departments;
    layout.first_port = *port;
    layout.first_client_port = static_cast<uint16_t>(*port + plan_.replicas);
    layout.engine = chain_.engine;
    layout.settings = chain_.settings;
    const std::vector<sim::ReplicaIndex>& small = plan_.small_disks;
    layout.adjust = [&links, &small, kills = plan_.kills](consensus::node::NodeFile& node) {
      if (std::binary_search(small.begin(), small.end(), node.replica.value())) {
        node.log_segment = kSmallSegment;
      }
      // So that a crash finds states being written.
      if (kills) node.snapshots.least = kOftenWritten;
      // Who looks at the chains afterwards needs all of them.
      node.archive = true;
      constexpr uint32_t kConnections = 4'096;
      node.max_client_connections = kConnections;
      for (const DelayedLink& link : links) {
        if (link.dialler != node.replica.value()) continue;
        node.addresses[consensus::ReplicaId(link.listener)] = {"127.0.0.1", link.port};
      }
    };
    Result<std::unique_ptr<Network>> made = Network::lay_out(std::move(network));
    if (!made) return made.error();
    network_ = std::move(*made);
    if (Status disks = make_disks(); !disks) return disks;
    if (has_line) {
      Result<std::unique_ptr<DelayLine>> line = DelayLine::start(links);
      if (!line) return line.error();
      line_ = std::move(*line);
      result_.links = "delay_line";
    }
    return write_atomically(scenario_path(), scenario_.resolved);
  }

  [[nodiscard]] Status make_disks() {
    // Images lie beside the network, so that a folder that is kept has them.
    Status made = disks_.make(
        plan_.small_disks,
        [this](uint32_t i) { return fmt::format("{}/disk-{}.img", request_.folder, i); },
        [this](uint32_t i) { return network_->data_folder(i); });
    if (!made) return Error{made.error().code, made.error().message, scenario_.path + " /faults"};
    return made;
  }

  [[nodiscard]] Status start_nodes() {
    for (uint32_t i = 0; i < plan_.replicas; ++i) {
      if (Status started = network_->start(i); !started) return started;
    }
    const Clock::time_point from = Clock::now();
    for (uint32_t i = 0; i < plan_.replicas;) {
      report(0, "starting the replicas");
      if (network_->is_ready(i)) {
        ++i;
        continue;
      }
      if (Status well = pause(); !well) return well;
      if (since(from) > kStartPatience) return network_->complaint(i, "is not ready after 60 s");
    }
    return consensus::success();
  }

  [[nodiscard]] Status start_load() {
    LoadProcess load;
    load.network = network_->folder();
    load.records = request_.folder + "/load.records";
    for (uint32_t i = 0; i < plan_.replicas; ++i) load.ports.push_back(network_->client_port(i));
    load.batching = request_.batching;
    load.reads = request_.reads;
    load.drain = drain();
    ChildRequest child;
    child.arguments = arguments_of(load, scenario_path(), request_.profile);
    child.arguments.insert(child.arguments.begin(), request_.program);
    child.log = load_log();
    child.talks = true;
    Result<ChildProcess> started = ChildProcess::start(child);
    if (!started) return started.error();
    load_ = std::move(*started);
    while (!load_->heard()) {
      report(0, "signing the load");
      if (Status well = pause(); !well) return well;
    }
    start_ = Clock::now() + std::chrono::nanoseconds(kLead.nanoseconds());
    return load_->say("start " +
                      std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                         start_.time_since_epoch())
                                         .count()));
  }

  [[nodiscard]] Status start_beside() {
    if (request_.beside.empty()) return consensus::success();
    std::string replicas;
    std::string clients;
    for (uint32_t i = 0; i < plan_.replicas; ++i) {
      replicas += (i == 0 ? "" : ",") + std::to_string(network_->replica_port(i));
      clients += (i == 0 ? "" : ",") + std::to_string(network_->client_port(i));
    }
    ChildRequest child;
    child.arguments = {"/bin/sh", "-c", request_.beside};
    child.environment = {{"GOVCHAIN_NETWORK", network_->folder()},
                         {"GOVCHAIN_REPLICA_PORTS", replicas},
                         {"GOVCHAIN_CLIENT_PORTS", clients}};
    child.log = request_.folder + "/beside.log";
    Result<ChildProcess> started = ChildProcess::start(child);
    if (!started) return started.error();
    beside_ = std::move(*started);
    return consensus::success();
  }

  // It may be over before, if all went well with it.
  [[nodiscard]] Status end_beside() {
    if (!beside_) return consensus::success();
    const std::optional<int> ended = beside_->ended();
    beside_.reset();
    if (!ended || *ended == 0) return consensus::success();
    return Error{ErrorCode::kInvalid,
                 describe_end(*ended) + ": " + text_of(request_.folder + "/beside.log"),
                 "--beside '" + request_.beside + "'"};
  }

  [[nodiscard]] Status follow() {
    FaultDriver faults(plan_.steps, world_.seed, *network_, disks_, line_.get());
    while (since(start_) < world_.duration) {
      const Duration now = since(start_);
      if (!before_ && now >= world_.warmup) before_ = look();
      if (request_.swallow_after && !swallows_ && now >= *request_.swallow_after) {
        swallows_ = true;
        for (uint32_t i = 0; i < plan_.replicas; ++i) {
          if (Status done = network_->swallow_syncs(i); !done) return done;
        }
      }
      if (Status done = faults.carry_out(now); !done) return done;
      watch_.look(now, *network_);
      report(now.to_seconds() / world_.duration.to_seconds(), "running");
      if (Status well = pause(); !well) return well;
    }
    after_ = look();
    watch_.look(world_.duration, *network_);
    result_.kills = faults.kills();
    result_.full_disks = faults.full_disks();
    if (Status well = end_beside(); !well) return well;
    // So that everybody can have everything.
    return faults.end();
  }

  [[nodiscard]] Status await_load() {
    while (!load_->ended()) {
      report(1, "waiting for the last answers");
      if (Status well = pause(); !well) return well;
    }
    if (*load_->ended() != 0) return load_failed();
    Result<LoadRecords> records = read_records(request_.folder + "/load.records");
    if (!records) return records.error();
    records_ = std::move(*records);
    load_.reset();
    return consensus::success();
  }

  // Until everybody who runs has the same height, and it no longer grows.
  [[nodiscard]] Status catch_up() {
    const Clock::time_point from = Clock::now();
    const Duration patience = std::max(world_.progress_bound, kLeastCatchUp);
    std::vector<uint64_t> last;
    for (;;) {
      report(1, "waiting for all replicas to have all blocks");
      std::vector<uint64_t> heights;
      for (uint32_t i = 0; i < plan_.replicas; ++i) {
        if (!network_->is_up(i)) continue;
        const std::optional<NodeFigures> figures = network_->figures(i);
        heights.push_back(figures ? figures->committed_height : 0);
      }
      const bool equal =
          heights.empty() ||
          (heights.front() > 0 && std::all_of(heights.begin(), heights.end(), [&](uint64_t height) {
             return height == heights.front();
           }));
      if (equal && heights == last) return consensus::success();
      last = std::move(heights);
      if (since(from) > patience) break;
      if (Status well = pause(std::chrono::milliseconds(200)); !well) return well;
    }
    std::string shown;
    for (const uint64_t height : last) shown += " " + std::to_string(height);
    result_.run.violations.push_back(
        {"progress",
         fmt::format("{} s after the load had ended the replicas that run are at heights{}",
                     patience / Duration::seconds(1), shown),
         consensus::TimePoint::since_start(world_.duration)});
    return consensus::success();
  }

  [[nodiscard]] Status read_and_check() {
    std::vector<bool> complete;
    for (uint32_t i = 0; i < plan_.replicas; ++i) {
      complete.push_back(network_->is_up(i));
      result_.nodes[i].peak_resident = network_->usage(i).peak_resident;
    }
    report(1, "reading the chains");
    if (line_) result_.line_cpu = line_->cpu();
    network_->stop(kStopPatience);
    std::vector<ReplicaChain> chains;
    for (uint32_t i = 0; i < plan_.replicas; ++i) {
      Result<ReplicaChain> chain =
          read_chain(network_->data_folder(i), {consensus::ChainId(1), consensus::ReplicaId(i)},
                     chain_.engine.hash);
      if (!chain && !complete[i]) continue;  // it was told already why it did not come back
      if (!chain) return chain.error();
      chain->is_complete = complete[i];
      chains.push_back(std::move(*chain));
    }
    check_chains(chains, records_.submissions, result_.checks, result_.run.violations);
    if (!records_.reads.empty()) {
      check_history(records_, chains, result_.history, result_.run.violations);
    }
    if (!chains.empty()) result_.run.digests.push_back(digest_of(chains.front()));
    return consensus::success();
  }

  // A short sleep; an error if something has gone wrong, or the run shall stop.
  [[nodiscard]] Status pause(std::chrono::milliseconds length = kPoll) {
    std::this_thread::sleep_for(length);
    if (request_.stop != nullptr && request_.stop->load()) {
      return Error{ErrorCode::kExhausted, "stopped", {}};
    }
    if (load_ && load_->ended() && *load_->ended() != 0) return load_failed();
    const std::optional<Network::Ended> ended = network_->find_ended();
    if (!ended) return consensus::success();
    if (network_->starts(ended->replica) < 2) return ended->complaint;
    // What a kill has left must be enough to come back.
    result_.run.violations.push_back({"restart",
                                      ended->complaint.where + " " + ended->complaint.message,
                                      consensus::TimePoint::since_start(since(start_))});
    return consensus::success();
  }

  [[nodiscard]] Error load_failed() {
    return Error{ErrorCode::kIo,
                 "the load " + describe_end(*load_->ended()) + ": " + text_of(load_log()),
                 {}};
  }

  [[nodiscard]] Snapshot look() {
    Snapshot snapshot;
    for (uint32_t i = 0; i < plan_.replicas; ++i) {
      snapshot.figures.push_back(network_->figures(i));
      snapshot.usage.push_back(network_->usage(i));
    }
    return snapshot;
  }

  // --- The result

  // A node that was started again counts anew.
  static uint64_t grown(uint64_t before, uint64_t after) {
    return after >= before ? after - before : after;
  }

  void assemble() {
    RunResult& run = result_.run;
    run.scenario = scenario_.id;
    run.scenario_hash = scenario_.hash;
    run.seed = world_.seed;
    run.simulated_seconds = world_.duration.to_seconds();
    run.warmup_seconds = world_.warmup.to_seconds();
    run.chains.emplace_back();
    sim::ChainResult& chain = run.chains.front();
    chain.name = chain_.name;
    chain.protocol = consensus::traits_of(chain_.protocol).name;
    chain.replicas = plan_.replicas;
    measure_clients(world_, records_, chain, run.services, result_.load);
    result_.reads = measure_reads(world_, records_);
    result_.connections = records_.connections;
    result_.load_cpu = records_.cpu;
    result_.batch = request_.batching.transactions;
    watch_.add_clients(world_, records_);
    result_.samples = watch_.samples();
    add_nodes(chain);
    std::stable_sort(run.resources.begin(), run.resources.end(),
                     [](const sim::ResourceUse& a, const sim::ResourceUse& b) {
                       return a.utilisation > b.utilisation;
                     });
    check_against(scenario_.objectives, run);
  }

  void add_nodes(sim::ChainResult& chain) {
    RunResult& run = result_.run;
    const double window = (world_.duration - world_.warmup).to_seconds();
    const double cores = std::max(1U, std::thread::hardware_concurrency());
    const Snapshot& before = before_ ? *before_ : after_;
    for (uint32_t i = 0; i < plan_.replicas; ++i) {
      const NodeFigures last = after_.figures[i].value_or(NodeFigures());
      const NodeFigures first = before.figures[i].value_or(last);
      NodeUse& use = result_.nodes[i];
      use.starts = network_->starts(i);
      use.cpu = after_.usage[i].cpu - before.usage[i].cpu;
      use.written = after_.usage[i].written - before.usage[i].written;
      const double share = use.cpu.to_seconds() / window / cores;
      run.resources.push_back({fmt::format("replica {} cpu", i), share});
      chain.cpu_utilisation = std::max(chain.cpu_utilisation, share);
      chain.storage = std::max(chain.storage, use.written);
      chain.blocks = std::max(chain.blocks, grown(first.committed_height, last.committed_height));
      chain.view_changes = std::max(chain.view_changes,
                                    grown(first.counters.view_changes, last.counters.view_changes));
      chain.highest_view = std::max(chain.highest_view, last.view);
      chain.messages += grown(first.frames_received, last.frames_received);
      chain.network_bytes += consensus::Bytes(grown(first.bytes_sent, last.bytes_sent));
      run.work.cpu_seconds += after_.usage[i].cpu.to_seconds();
      run.work.peak_memory_bytes = std::max(run.work.peak_memory_bytes, use.peak_resident.count());
    }
    run.resources.push_back(
        {"load cpu", records_.cpu.to_seconds() / world_.duration.to_seconds() / cores});
    run.work.cpu_seconds += records_.cpu.to_seconds();
    run.work.messages = chain.messages;
    run.work.threads = static_cast<uint32_t>(cores);
  }

  [[nodiscard]] std::string digest_of(const ReplicaChain& chain) const {
    std::vector<uint8_t> bytes;
    for (const consensus::Digest& block : chain.blocks) {
      bytes.insert(bytes.end(), block.bytes.begin(), block.bytes.end());
    }
    return consensus::node::to_hex(consensus::hash(chain_.engine.hash, bytes).bytes);
  }

  void report(double share, const char* stage) const {
    if (request_.progress) request_.progress(share, stage);
  }
  [[nodiscard]] Duration drain() const { return std::min(world_.client_timeout, kLongestDrain); }
  [[nodiscard]] std::string scenario_path() const { return request_.folder + "/scenario.json"; }
  [[nodiscard]] std::string load_log() const { return request_.folder + "/load.log"; }

  const scenarios::Scenario& scenario_;
  const sim::WorldSpec& world_;
  const sim::ChainSpec& chain_;
  const LiveRequest& request_;
  const LivePlan plan_;
  SmallDisks disks_;  // outlive who writes to them
  std::unique_ptr<Network> network_;
  std::unique_ptr<DelayLine> line_;
  std::optional<ChildProcess> load_;
  std::optional<ChildProcess> beside_;
  Clock::time_point start_;
  Watch watch_;
  bool swallows_ = false;
  std::optional<Snapshot> before_;
  Snapshot after_;
  LoadRecords records_;
  LiveResult result_;
};

}  // namespace

Result<LiveResult> run_live(const scenarios::Scenario& scenario, const LiveRequest& request) {
  Result<LivePlan> plan = plan_live(scenario);
  if (!plan) return plan.error();
  return LiveRun(scenario, request, std::move(*plan)).run();
}

}  // namespace govchain::analysis::live
