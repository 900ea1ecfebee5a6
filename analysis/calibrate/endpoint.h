#pragma once
// A node's endpoint for clients as it is, its HTTP server, routes and desk, on a replica that takes
// everything and orders nothing by itself.

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/calibrate/thread_clock.h"
#include "consensus/codec.h"
#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/http_server.h"
#include "consensus/node/client/metrics.h"
#include "consensus/node/client/query_service.h"
#include "consensus/node/client/routes.h"

namespace govchain::analysis {

// A replica that takes what it is given, and remembers it until it is made final.
class TakingReplica final : public consensus::node::DeskReplica {
 public:
  void propose(consensus::PayloadRef payload) override {
    const std::lock_guard lock(mutex_);
    payloads_.push_back(std::move(payload));
  }
  void read(consensus::Token /*token*/) override {}
  void query(consensus::node::ExecutionThread::Query /*query*/) override {}
  // Not asked: the desk is told that nobody checks signatures, which are measured by themselves.
  void check(consensus::PayloadRef /*payload*/, std::function<void(bool good)> /*taker*/) override {
  }
  void look(std::function<void(const consensus::node::Replica::Look&)> /*taker*/) override {}
  void membership_changes(
      std::function<void(std::vector<consensus::StoredBlock>)> /*taker*/) override {}
  [[nodiscard]] consensus::Bytes credit() const override { return consensus::Bytes(64U << 20U); }
  [[nodiscard]] size_t waiting() {
    const std::lock_guard lock(mutex_);
    return payloads_.size();
  }
  [[nodiscard]] std::vector<consensus::PayloadRef> take_payloads() {
    const std::lock_guard lock(mutex_);
    return std::exchange(payloads_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<consensus::PayloadRef> payloads_;
};

class NoQueries final : public consensus::node::QueryService {
 public:
  consensus::Result<nlohmann::json> answer(const consensus::Application& /*state*/,
                                           consensus::Height /*height*/,
                                           const nlohmann::json& /*request*/) override {
    return consensus::Error{consensus::ErrorCode::kUnsupported, "nothing to ask", {}};
  }
};

// The routes, and the clock of the thread that serves them.
class ClockedRoutes final : public consensus::node::HttpHandler {
 public:
  ClockedRoutes(consensus::node::ClientDesk& desk, consensus::node::Metrics& metrics,
                consensus::node::QueryService& queries)
      : routes_(consensus::node::RoutesSettings{}, desk, metrics, queries) {}
  [[nodiscard]] Admission admit(const consensus::node::HttpHead& head) override {
    return routes_.admit(head);
  }
  void handle(consensus::node::HttpRequest request, Respond respond) override {
    clock_.take_this_thread();
    routes_.handle(std::move(request), std::move(respond));
  }
  void on_time() override { routes_.on_time(); }
  void on_response(std::string_view route, unsigned status) override {
    routes_.on_response(route, status);
  }
  void on_connections(uint32_t open) override { routes_.on_connections(open); }
  [[nodiscard]] std::optional<consensus::Duration> processor() const { return clock_.read(); }

 private:
  consensus::node::Routes routes_;
  ThreadClock clock_;
};

class Endpoint {
 public:
  Endpoint() : metrics_(nullptr), desk_(consensus::node::DeskSettings{}) {}
  ~Endpoint() {
    server_.reset();
    desk_.detach();
  }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  [[nodiscard]] consensus::Status start() {
    desk_.attach(replica_, consensus::Checkpoint{});
    consensus::node::HttpServerSettings settings;
    // Between two rounds a connection is quiet for as long as all else takes.
    settings.idle_timeout = consensus::Duration::seconds(3'600);
    auto server = consensus::node::HttpServer::start(settings, routes_);
    if (!server) return server.error();
    server_ = *std::move(server);
    return consensus::success();
  }
  [[nodiscard]] uint16_t port() const { return server_->port(); }
  // Of the server's thread.
  [[nodiscard]] consensus::Duration processor() const {
    return routes_.processor().value_or(consensus::Duration::zero());
  }
  [[nodiscard]] size_t pending() { return replica_.waiting(); }

  // What is pending becomes final, whoever waits is told, and the desk's tables do not grow.
  void finalise() {
    auto block = consensus::Ref<consensus::Block>::make();
    block->height = ++height_;
    block->payloads = replica_.take_payloads();
    consensus::seal_block(consensus::HashAlgorithm::kSha256, *block);
    const std::vector<consensus::Receipt> receipts(block->payloads.size());
    desk_.on_final({std::move(block), {}}, receipts);
  }

 private:
  TakingReplica replica_;
  NoQueries queries_;
  consensus::node::Metrics metrics_;
  consensus::node::ClientDesk desk_;
  ClockedRoutes routes_{desk_, metrics_, queries_};
  std::unique_ptr<consensus::node::HttpServer> server_;
  consensus::Height height_;
};

}  // namespace govchain::analysis
