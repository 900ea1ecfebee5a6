#include "consensus/node/client/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sstream>
#include <utility>
#include <vector>

namespace govchain::consensus::node {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Seconds: from one machine in memory to a chain across the country that changes its leader.
const prometheus::Histogram::BucketBoundaries kLatencyBounds = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

// Values that are counted elsewhere, as families.
class Families {
 public:
  void counter(const std::string& name, const std::string& help, uint64_t value) {
    begin(name, help, MetricType::Counter);
    counter({}, value);
  }
  void gauge(const std::string& name, const std::string& help, double value) {
    begin(name, help, MetricType::Gauge);
    ClientMetric metric;
    metric.gauge.value = value;
    families_.back().metric.push_back(metric);
  }
  void gauge(const std::string& name, const std::string& help, uint64_t value) {
    gauge(name, help, static_cast<double>(value));
  }
  void flag(const std::string& name, const std::string& help, bool value) {
    gauge(name, help, value ? 1.0 : 0.0);
  }
  // One family with a label: begin_labelled(), then its values.
  void begin_labelled(const std::string& name, const std::string& help) {
    begin(name, help, MetricType::Counter);
  }
  void labelled(const std::string& label, std::string_view value, uint64_t count) {
    counter({{label, std::string(value)}}, count);
  }
  [[nodiscard]] std::vector<MetricFamily>& all() { return families_; }

 private:
  void begin(const std::string& name, const std::string& help, MetricType type) {
    MetricFamily family;
    family.name = "govchain_" + name;
    family.help = help;
    family.type = type;
    families_.push_back(std::move(family));
  }
  void counter(std::vector<ClientMetric::Label> labels, uint64_t value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.counter.value = static_cast<double>(value);
    families_.back().metric.push_back(std::move(metric));
  }
  std::vector<MetricFamily> families_;
};

void add_engine(const Replica::Look& look, Families& out) {
  const EngineCounters& counters = look.counters;
  out.begin_labelled("engine_inputs_dropped_total", "Inputs that the engine dropped, by reason");
  out.labelled("reason", "malformed", counters.malformed);
  out.labelled("reason", "oversize", counters.oversize);
  out.labelled("reason", "unauthorised", counters.unauthorised);
  out.labelled("reason", "forged", counters.forged);
  out.labelled("reason", "stale", counters.stale);
  out.labelled("reason", "future", counters.future);
  out.labelled("reason", "duplicate", counters.duplicate);
  out.labelled("reason", "conflicting", counters.conflicting);
  out.labelled("reason", "unsupported", counters.unsupported);
  out.counter("engine_inputs_accepted_total", "Inputs that were not dropped", counters.accepted);
  out.counter("engine_proposals_total", "Blocks proposed here", counters.proposals);
  out.counter("engine_committed_blocks_total", "Blocks committed", counters.committed_blocks);
  out.counter("engine_view_changes_total", "Views or terms entered after the first",
              counters.view_changes);
  out.counter("engine_checkpoints_total", "Stable checkpoints", counters.checkpoints);
  out.counter("engine_state_transfers_total", "Snapshots installed", counters.state_transfers);
  out.counter("engine_block_catch_ups_total", "Blocks obtained from peers after the fact",
              counters.block_catch_ups);
  out.counter("engine_recoveries_total", "Starts from a log", counters.recoveries);
  out.counter("engine_evidence_total", "Proofs that a replica is faulty", counters.evidence);
  out.counter("engine_membership_changes_total", "Memberships that took effect",
              counters.membership_changes);
  out.counter("engine_upgrades_total", "Memberships with a new version of the rules",
              counters.upgrades);
  out.counter("engine_outdated_software_total", "Stops because the software is too old",
              counters.outdated_software);

  const EngineStatus& status = look.status;
  out.gauge("engine_view", "View or term", status.view.value());
  out.gauge("engine_epoch", "Epoch of the membership", status.epoch.value());
  out.flag("engine_is_leader", "Whether this replica leads", status.is_leader);
  out.flag("engine_leader_known", "Whether this replica knows a leader", status.leader_known);
  out.flag("engine_in_view_change", "Whether an election or view change is under way",
           status.in_view_change);
  out.gauge("engine_proposed_height", "Highest block accepted from a leader",
            status.proposed.value());
  out.gauge("engine_committed_height", "Highest block committed", status.committed.value());
  out.gauge("engine_executed_height", "Highest block executed", status.executed.value());
  out.gauge("engine_stable_checkpoint_height", "Newest stable checkpoint",
            status.stable_checkpoint.value());
  out.gauge("engine_rules_version", "Version of the rules for the next height",
            uint64_t{number_of(status.version)});
  out.gauge("engine_memory_bytes", "Upper estimate of the engine's memory", look.memory.count());
  out.gauge("mempool_bytes", "Payload bytes that wait to be ordered", status.mempool.count());
  out.gauge("mempool_credit_bytes", "Payload bytes that the mempool would take",
            look.credit.count());
  out.counter("messages_dropped_total",
              "Messages of peers that were dropped because too many waited for the loop",
              look.messages_dropped);
}

void add_desk(const ClientDesk::View& view, Families& out) {
  const DeskCounters& counters = view.counters;
  out.begin_labelled("submissions_total", "Submissions, by what became of them");
  out.labelled("outcome", "admitted", counters.admitted);
  out.labelled("outcome", "repeated", counters.repeated);
  out.labelled("outcome", "final", counters.final);
  out.labelled("outcome", "ordered", counters.ordered);
  for (size_t i = 1; i < kCauses; ++i) {
    const std::string cause(name_of(static_cast<Cause>(i)));
    if (counters.refused.at(i) > 0) {
      out.labelled("outcome", "refused_" + cause, counters.refused.at(i));
    }
    if (counters.unknown.at(i) > 0) {
      out.labelled("outcome", "unknown_" + cause, counters.unknown.at(i));
    }
  }
  out.counter("reads_total", "Reads that were asked for", counters.reads);
  out.begin_labelled("reads_failed_total", "Reads without an answer, by reason");
  const auto failed = [&](std::string_view name, ReadFailure failure) {
    out.labelled("reason", name, counters.failed_reads.at(static_cast<size_t>(failure)));
  };
  failed("refused", ReadFailure::kRefused);
  failed("timed_out", ReadFailure::kTimedOut);
  failed("too_many", ReadFailure::kTooMany);
  failed("stopped", ReadFailure::kStopped);
  out.gauge("submissions_pending", "Payloads whose clients have no outcome yet",
            uint64_t{view.pending});
  out.gauge("submissions_pending_bytes", "Bytes of these", view.pending_bytes.count());
  out.gauge("submissions_checking", "Of these, those whose signatures are being checked",
            uint64_t{view.checking});
  out.gauge("submissions_waiters", "Clients that wait for an outcome", uint64_t{view.waiters});
  out.gauge("remembered_payloads", "Final payloads that are remembered", uint64_t{view.remembered});
  out.gauge("remembered_bytes", "Room that these and recent blocks take",
            view.remembered_bytes.count());
  out.flag("disk_full", "Whether the disk is full", view.disk_full);
  out.flag("journal_failed", "Whether the journal of inputs could not be written and has ended",
           view.journal_failed);
  out.flag("stopped", "Whether the replica has stopped for good", view.stopped.has_value());
  out.flag("draining", "Whether no more submissions are taken", view.draining);
  out.gauge("look_age_seconds", "Since the replica's loop last answered",
            view.look ? view.look_age.to_seconds() : -1.0);
}

void add_transport(const TransportCounters& counters, Families& out) {
  out.counter("transport_frames_sent_total", "Frames sent to peers", counters.frames_sent);
  out.counter("transport_bytes_sent_total", "Bytes sent to peers", counters.bytes_sent);
  out.counter("transport_frames_received_total", "Frames of peers", counters.frames_received);
  out.counter("transport_bytes_received_total", "Bytes of peers", counters.bytes_received);
  out.counter("transport_frames_dropped_total", "Frames for which there was no room or connection",
              counters.frames_dropped);
  out.counter("transport_connections_total", "Connections that showed whose they are",
              counters.connections);
  out.counter("transport_strangers_refused_total", "Connections that did not",
              counters.strangers_refused);
  out.counter("transport_malformed_total", "Frames for which a peer was cut off",
              counters.malformed);
  out.counter("transport_undecodable_total", "Messages that did not decode", counters.undecodable);
}

}  // namespace

struct Metrics::Instruments {
  prometheus::Registry registry;
  prometheus::Histogram& finality =
      prometheus::BuildHistogram()
          .Name("govchain_finality_seconds")
          .Help("From the submission of a payload to its being final, durable and executed here")
          .Register(registry)
          .Add({}, kLatencyBounds);
  prometheus::Family<prometheus::Counter>& responses =
      prometheus::BuildCounter()
          .Name("govchain_http_responses_total")
          .Help("HTTP responses, by route and status code")
          .Register(registry);
  prometheus::Gauge& connections = prometheus::BuildGauge()
                                       .Name("govchain_http_connections")
                                       .Help("HTTP connections that are open")
                                       .Register(registry)
                                       .Add({});
};

Metrics::Metrics(TransportLook transport)
    : transport_(std::move(transport)), instruments_(std::make_unique<Instruments>()) {}
Metrics::~Metrics() = default;

void Metrics::observe_finality(Duration latency) {
  instruments_->finality.Observe(latency.to_seconds());
}

// Routes and codes are few, whatever clients send.
void Metrics::count_response(std::string_view route, unsigned status) {
  instruments_->responses
      .Add({{"route", route.empty() ? "none" : std::string(route)},
            {"code", std::to_string(status)}})
      .Increment();
}

void Metrics::set_connections(uint32_t open) { instruments_->connections.Set(open); }

std::string Metrics::text(const ClientDesk::View& view) const {
  Families families;
  if (view.look) add_engine(*view.look, families);
  add_desk(view, families);
  if (transport_) add_transport(transport_(), families);
  std::vector<MetricFamily> all = instruments_->registry.Collect();
  all.insert(all.end(), families.all().begin(), families.all().end());
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, all);
  return text.str();
}

}  // namespace govchain::consensus::node
