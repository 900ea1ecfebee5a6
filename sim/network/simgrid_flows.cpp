// Flows as SimGrid 3.32 has them: a library of its own, because SimGrid brings thirty others, which
// cost whatever links them 15 ms and 30 MB at every start.
//
// SimGrid is driven from its maestro: no actor exists, communications go from host to host
// (Comm::sendto), and time goes on as far as the world asks. What has to be known of that version:
// - ties end in no particular order, so what ends together is sorted by when it began;
// - run_until() stops as soon as it is within 10 us of its end, so it is called until it is there;
// - flows that end within "surf/precision" of each other end together; 10 us unless it is set;
// - a communication of 0 bytes never starts, one to a host that is off aborts: neither is asked
// for;
// - two engines in one process abort, and a second one would have the first one's clock: there is
//   one, and the next is refused;
// - routes that zones find have the fewest hops, not the least delay: every route is given.

#include <algorithm>
#include <cmath>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>
#include <xbt/log.h>

#include "sim/network/flow_model.h"

namespace govchain::sim {

namespace {

namespace s4u = simgrid::s4u;

constexpr double kNanosecond = 1e-9;
// For what has no limit: a flow of a gigabyte takes a nanosecond.
constexpr double kUnlimited = 1e18;
constexpr double kBitsPerByte = 8;
// No processor is simulated.
constexpr double kHostSpeed = 1e9;

double seconds(Duration duration) {
  return static_cast<double>(duration.nanoseconds()) * kNanosecond;
}

class SimgridFlows final : public FlowModel {
 public:
  explicit SimgridFlows(const FlowPlatform& platform);

  void start(uint64_t id, uint32_t from, uint32_t to, Bytes size) override;
  [[nodiscard]] TimePoint next_change() override;
  void advance(TimePoint to, std::vector<uint64_t>& ended) override;

 private:
  struct Flow {
    uint64_t id = 0;
    s4u::CommPtr communication;
  };

  void build(const FlowPlatform& platform);
  void on_end(const s4u::Activity& activity);

  // Never destroyed: the process ends with it.
  s4u::Engine* engine_;
  std::vector<s4u::Host*> hosts_;
  std::vector<Flow> flows_;
  std::vector<size_t> free_;
  std::vector<size_t> ended_;  // of this advance(), as they came
};

SimgridFlows* the_only_one = nullptr;

s4u::Engine* make_engine(FlowLaw law) {
  // Messages are for its developers; what users should know is told by who asks.
  xbt_log_control_set("root.thresh:error");
  std::string name = "govchain";
  char* arguments[] = {name.data(), nullptr};
  int count = 1;
  auto* const engine = new s4u::Engine(&count, arguments);
  s4u::Engine::set_config("surf/precision", kNanosecond);
  if (law == FlowLaw::kLv08) {
    s4u::Engine::set_config("network/model", std::string("LV08"));
    return engine;
  }
  s4u::Engine::set_config("network/model", std::string("CM02"));
  s4u::Engine::set_config("network/crosstraffic", false);
  // 0: no window at all.
  if (law == FlowLaw::kCm02Uncapped) s4u::Engine::set_config("network/TCP-gamma", 0.0);
  return engine;
}

SimgridFlows::SimgridFlows(const FlowPlatform& platform) : engine_(make_engine(platform.law)) {
  build(platform);
  s4u::Activity::on_completion_cb([this](const s4u::Activity& activity) { on_end(activity); });
}

void SimgridFlows::build(const FlowPlatform& platform) {
  s4u::NetZone* const world = s4u::create_full_zone("world");
  for (uint32_t host = 0; host < platform.hosts; ++host) {
    hosts_.push_back(world->create_host("host" + std::to_string(host), kHostSpeed)->seal());
  }
  std::vector<s4u::Link*> links;
  for (const FlowLink& link : platform.links) {
    const double bandwidth = link.rate.is_unlimited()
                                 ? kUnlimited
                                 : static_cast<double>(link.rate.bits_per_second()) / kBitsPerByte;
    s4u::Link* const made =
        world->create_link(link.name, bandwidth)->set_latency(seconds(link.delay));
    if (link.rate.is_unlimited()) made->set_sharing_policy(s4u::Link::SharingPolicy::FATPIPE);
    links.push_back(made->seal());
  }
  for (const FlowRoute& route : platform.routes) {
    std::vector<s4u::LinkInRoute> way;
    for (const uint32_t link : route.links) way.emplace_back(links[link]);
    world->add_route(hosts_[route.from]->get_netpoint(), hosts_[route.to]->get_netpoint(), nullptr,
                     nullptr, way, false);
  }
  world->seal();
  engine_->seal_platform();
}

void SimgridFlows::start(uint64_t id, uint32_t from, uint32_t to, Bytes size) {
  if (free_.empty()) {
    free_.push_back(flows_.size());
    flows_.emplace_back();
  }
  const size_t index = free_.back();
  free_.pop_back();
  Flow& flow = flows_[index];
  flow.id = id;
  flow.communication = s4u::Comm::sendto_init(hosts_[from], hosts_[to]);
  flow.communication->set_payload_size(size.count());
  flow.communication->set_data(reinterpret_cast<void*>(index));
  flow.communication->start();
}

void SimgridFlows::on_end(const s4u::Activity& activity) {
  const auto& communication = static_cast<const s4u::Comm&>(activity);
  ended_.push_back(reinterpret_cast<size_t>(communication.get_data<void>()));
}

// To the nearest nanosecond; `surf/precision` makes what is nearest end then.
TimePoint SimgridFlows::next_change() {
  const double now = s4u::Engine::get_clock();
  double next = -1;
  for (simgrid::kernel::resource::Model* const model : engine_->get_all_models()) {
    const double after = model->next_occurring_event(now);
    if (after >= 0 && (next < 0 || after < next)) next = after;
  }
  if (next < 0) return TimePoint::max();
  return TimePoint::since_start(Duration::nanoseconds(std::llround((now + next) / kNanosecond)));
}

void SimgridFlows::advance(TimePoint to, std::vector<uint64_t>& ended) {
  const double end = static_cast<double>(to.nanoseconds()) * kNanosecond;
  // A delay that is over is a change, too, and what follows it may end at the same time.
  do {
    engine_->run_until(std::max(end, s4u::Engine::get_clock()));
  } while (s4u::Engine::get_clock() < end || next_change() <= to);
  const size_t first = ended.size();
  for (const size_t index : ended_) {
    ended.push_back(flows_[index].id);
    flows_[index].communication.reset();
    free_.push_back(index);
  }
  ended_.clear();
  std::sort(ended.begin() + static_cast<std::ptrdiff_t>(first), ended.end());
}

}  // namespace

}  // namespace govchain::sim

extern "C" {

__attribute__((visibility("default"))) uint32_t govchain_flow_interface() {
  return govchain::sim::kFlowInterface;
}

__attribute__((visibility("default"))) govchain::sim::FlowModel* govchain_simgrid_flows(
    const govchain::sim::FlowPlatform& platform, std::string& error) {
  using govchain::sim::the_only_one;
  if (the_only_one != nullptr) {
    error = "SimGrid simulates one world in a process, and has done so";
    return nullptr;
  }
  try {
    the_only_one = new govchain::sim::SimgridFlows(platform);
  } catch (const std::exception& problem) {
    error = std::string("SimGrid: ") + problem.what();
  }
  return the_only_one;
}
}
