#include "analysis/node/daemon.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "analysis/engines.h"
#include "analysis/node/ledger_chain.h"
#include "analysis/node/ledger_queries.h"
#include "analysis/node/node_log.h"
#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/http_server.h"
#include "consensus/node/client/metrics.h"
#include "consensus/node/client/routes.h"
#include "consensus/node/config/network_file.h"
#include "consensus/node/config/node_file.h"
#include "consensus/node/node.h"
#include "consensus/protocols.h"

namespace govchain::analysis {

namespace {

using namespace consensus;
using nlohmann::json;
using node::LogLevel;

constexpr std::chrono::milliseconds kPoll{50};
constexpr std::chrono::seconds kDrain{5};

json describe(const Error& error) { return {{"error", error.message}, {"where", error.where}}; }

// Writes down what happens to the replica, and passes it on to the desk.
class LoggingListener final : public node::ReplicaListener {
 public:
  LoggingListener(NodeLog& log, node::ClientDesk& desk) : log_(log), desk_(desk) {}

  void on_final(const StoredBlock& stored, std::span<const Receipt> receipts) override {
    log_.write(
        LogLevel::kDebug, "block",
        {{"height", stored.block->height.value()}, {"payloads", stored.block->payloads.size()}});
    desk_.on_final(stored, receipts);
  }
  void on_overtaken(Height height) override {
    log_.write(LogLevel::kInfo, "state_taken_over", {{"height", height.value()}});
    desk_.on_overtaken(height);
  }
  void on_refused(const PayloadRef& payload, RefusalReason reason) override {
    desk_.on_refused(payload, reason);
  }
  void on_read_ready(Token token, Height height) override { desk_.on_read_ready(token, height); }
  void on_read_refused(Token token) override { desk_.on_read_refused(token); }
  void on_checkpoint(const Checkpoint& checkpoint) override {
    log_.write(LogLevel::kDebug, "checkpoint", {{"height", checkpoint.height.value()}});
    desk_.on_checkpoint(checkpoint);
  }
  void on_evidence(const effect::EvidenceFound& evidence) override {
    log_.write(LogLevel::kError, "evidence",
               {{"against", evidence.first.signer.value()},
                {"height", evidence.first.statement.height.value()},
                {"view", evidence.first.statement.view.value()}});
    desk_.on_evidence(evidence);
  }
  void on_membership(const Membership& membership) override {
    log_.write(LogLevel::kInfo, "members",
               {{"epoch", membership.epoch.value()}, {"members", membership.members.size()}});
    desk_.on_membership(membership);
  }
  void on_stopped(node::StopReason reason, const std::string& explanation) override {
    log_.write(LogLevel::kError, "stopped", {{"why", explanation}});
    if (reason == node::StopReason::kStorageFailed) {
      const std::lock_guard lock(mutex_);
      failure_ = Error{ErrorCode::kIo, explanation, {}};
    }
    desk_.on_stopped(reason, explanation);
  }
  void on_disk_full(bool full) override {
    log_.write(full ? LogLevel::kError : LogLevel::kInfo, full ? "disk_full" : "disk_has_room",
               json::object());
    desk_.on_disk_full(full);
  }
  void on_journal_failed(const Error& error) override {
    log_.write(LogLevel::kError, "journal_failed", describe(error));
    desk_.on_journal_failed(error);
  }
  [[nodiscard]] std::optional<Error> failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  NodeLog& log_;
  node::ClientDesk& desk_;
  mutable std::mutex mutex_;
  std::optional<Error> failure_;
};

node::DeskSettings desk_settings(const node::NodeFile& file, const node::NetworkFile& network,
                                 node::Metrics& metrics) {
  node::DeskSettings settings;
  settings.self = file.replica;
  settings.hash = network.engine.hash;
  settings.max_payload = std::min(file.max_submission, network.engine.max_block_bytes);
  settings.max_transactions = network.engine.max_block_transactions;
  settings.verify_payloads = network.admission_verifies_payloads;
  settings.finality_reached = [&metrics](Duration latency) { metrics.observe_finality(latency); };
  return settings;
}

// One life of a node, put together in the order in which its parts need each other.
class Daemon {
 public:
  Daemon(node::NodeFile file, node::NetworkFile network,
         std::shared_ptr<const models::LedgerConfig> ledger)
      : file_(std::move(file)),
        network_(std::move(network)),
        ledger_(std::move(ledger)),
        log_(network_.engine.chain, file_.replica, file_.log_level),
        metrics_([this] {
          return node_ && node_->transport() != nullptr ? node_->transport()->counters()
                                                        : node::TransportCounters();
        }),
        desk_(desk_settings(file_, network_, metrics_)),
        routes_(node::RoutesSettings{}, desk_, metrics_, queries_),
        listener_(log_, desk_) {}

  [[nodiscard]] Status start() {
    Result<std::unique_ptr<node::Node>> opened =
        node::Node::open(file_, network_, ledger_application(ledger_), listener_);
    if (!opened) return opened.error();
    node_ = std::move(*opened);
    asked_ = std::make_unique<node::RunningDeskReplica>(node_->replica());
    desk_.attach(*asked_, node_->checkpoint());
    if (Status running = node_->run(); !running) return running;
    node::HttpServerSettings http;
    http.host = file_.client_listen.host;
    http.port = file_.client_listen.port;
    http.max_connections = file_.max_client_connections;
    Result<std::unique_ptr<node::HttpServer>> server = node::HttpServer::start(http, routes_);
    if (!server) return server.error();
    server_ = std::move(*server);
    log_.write(LogLevel::kInfo, "started",
               {{"protocol", traits_of(network_.protocol).name},
                {"engines", engines_hash()},
                {"peers", node::to_text(file_.listen)},
                {"clients", node::to_text(file_.client_listen)},
                {"height", node_->checkpoint().height.value()}});
    return success();
  }

  void reload(const std::string& config) {
    const Result<node::NodeFile> file = node::read_node_file(config);
    if (!file) return log_.write(LogLevel::kError, "not_reloaded", describe(file.error()));
    const Result<std::optional<node::MembersFile>> wanted =
        node::wanted_members(*file, network_.protocol);
    if (!wanted) return log_.write(LogLevel::kError, "not_reloaded", describe(wanted.error()));
    log_.set_level(file->log_level);
    node_->reload(*file, *wanted);
    log_.write(LogLevel::kInfo, "reloaded", json::object());
    if (*wanted) want(**wanted);
  }

  // Where each operator has to agree, this is the agreement of this one's.
  void want(const node::MembersFile& wanted) {
    const std::optional<Membership> present = desk_.view().membership;
    if (present && present->members == wanted.listed.members &&
        present->version >= wanted.version) {
      return;
    }
    MembershipChange change;
    change.target = wanted.listed.members;
    change.version = wanted.version;
    log_.write(LogLevel::kInfo, "members_wanted",
               {{"members", change.target.size()},
                {"version", static_cast<uint64_t>(change.version)},
                {"present_epoch", present ? json(present->epoch.value()) : json()}});
    node_->replica().reconfigure(std::move(change));
  }

  [[nodiscard]] std::optional<Error> failure() const { return listener_.failure(); }

  // Clients are told first; what is pending gets a while.
  void end() {
    if (server_) {
      log_.write(LogLevel::kInfo, "draining", json::object());
      desk_.drain();
      const auto until = std::chrono::steady_clock::now() + kDrain;
      while (!desk_.is_idle() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(kPoll);
      }
    }
    if (asked_) desk_.detach();
    server_.reset();
    if (node_) node_->stop();
    log_.write(LogLevel::kInfo, "ended", json::object());
  }

 private:
  const node::NodeFile file_;
  const node::NetworkFile network_;
  const std::shared_ptr<const models::LedgerConfig> ledger_;
  NodeLog log_;
  node::Metrics metrics_;
  node::ClientDesk desk_;
  LedgerQueries queries_;
  node::Routes routes_;
  LoggingListener listener_;
  std::unique_ptr<node::Node> node_;
  std::unique_ptr<node::RunningDeskReplica> asked_;
  std::unique_ptr<node::HttpServer> server_;
};

}  // namespace

Status run_daemon(const DaemonRequest& request, std::atomic<bool>& reload) {
  Result<node::NodeFile> file = node::read_node_file(request.config);
  if (!file) return file.error();
  Result<node::NetworkFile> network = node::read_network_file(file->network);
  if (!network) return network.error();
  Result<models::LedgerConfig> ledger = read_ledger(*network, file->network);
  if (!ledger) return ledger.error();
  Daemon daemon(std::move(*file), std::move(*network),
                std::make_shared<const models::LedgerConfig>(std::move(*ledger)));
  Status done = daemon.start();
  while (done && !request.stop->load()) {
    std::this_thread::sleep_for(kPoll);
    if (reload.exchange(false)) daemon.reload(request.config);
    if (const std::optional<Error> failure = daemon.failure()) done = *failure;
  }
  daemon.end();
  return done;
}

}  // namespace govchain::analysis
