// What a client's transaction costs the replica that admits it: the node's HTTP server, its routes
// and its desk, asked over the loopback device on one connection that stays open.

#include <arpa/inet.h>
#include <array>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "analysis/calibrate/probes.h"
#include "analysis/calibrate/thread_clock.h"
#include "consensus/assert.h"
#include "consensus/codec.h"
#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/http_server.h"
#include "consensus/node/client/metrics.h"
#include "consensus/node/client/query_service.h"
#include "consensus/node/client/routes.h"
#include "consensus/node/files/descriptor.h"

namespace govchain::analysis {

namespace {

namespace node = consensus::node;
using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Status;

constexpr uint64_t kRequests = 200;
constexpr size_t kTransactionBytes = 256;

// A replica that takes what it is given, and remembers it until it is made final.
class TakingReplica final : public node::DeskReplica {
 public:
  void propose(consensus::PayloadRef payload) override {
    const std::lock_guard lock(mutex_);
    payloads_.push_back(std::move(payload));
  }
  void read(consensus::Token /*token*/) override {}
  void query(node::ExecutionThread::Query /*query*/) override {}
  // Not asked: the desk is told that nobody checks signatures, which are measured by themselves.
  void check(consensus::PayloadRef /*payload*/, std::function<void(bool good)> /*taker*/) override {
  }
  void look(std::function<void(const node::Replica::Look&)> /*taker*/) override {}
  [[nodiscard]] consensus::Bytes credit() const override { return consensus::Bytes(64U << 20U); }
  [[nodiscard]] std::vector<consensus::PayloadRef> take_payloads() {
    const std::lock_guard lock(mutex_);
    return std::exchange(payloads_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<consensus::PayloadRef> payloads_;
};

class NoQueries final : public node::QueryService {
 public:
  consensus::Result<nlohmann::json> answer(const consensus::Application& /*state*/,
                                           consensus::Height /*height*/,
                                           const nlohmann::json& /*request*/) override {
    return Error{ErrorCode::kUnsupported, "nothing to ask", {}};
  }
};

// The routes, and the clock of the thread that serves them.
class ClockedRoutes final : public node::HttpHandler {
 public:
  ClockedRoutes(node::ClientDesk& desk, node::Metrics& metrics, node::QueryService& queries)
      : routes_(node::RoutesSettings{}, desk, metrics, queries) {}
  [[nodiscard]] Admission admit(const node::HttpHead& head) override { return routes_.admit(head); }
  void handle(node::HttpRequest request, Respond respond) override {
    clock_.take_this_thread();
    routes_.handle(std::move(request), std::move(respond));
  }
  void on_time() override { routes_.on_time(); }
  void on_response(std::string_view route, unsigned status) override {
    routes_.on_response(route, status);
  }
  void on_connections(uint32_t open) override { routes_.on_connections(open); }
  [[nodiscard]] std::optional<Duration> processor() const { return clock_.read(); }

 private:
  node::Routes routes_;
  ThreadClock clock_;
};

class Client {
 public:
  [[nodiscard]] bool connect(uint16_t port) {
    socket_ = node::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    const timeval patience{20, 0};
    (void)::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof address) == 0;
  }
  // The number of the answer's status; 0 if the connection fails.
  [[nodiscard]] unsigned submit(std::string_view transaction) {
    const std::string request =
        "POST /v1/transactions HTTP/1.1\r\nHost: node\r\nContent-Type: application/octet-stream\r\n"
        "Content-Length: " +
        std::to_string(transaction.size()) + "\r\n\r\n" + std::string(transaction);
    if (::send(socket_.number(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      return 0;
    }
    return read_answer();
  }

 private:
  [[nodiscard]] unsigned read_answer() {
    std::string answer;
    std::array<char, 4'096> buffer{};
    size_t whole = std::string::npos;
    while (answer.size() < whole) {
      const ssize_t got = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
      if (got <= 0) return 0;
      answer.append(buffer.data(), static_cast<size_t>(got));
      const size_t head = answer.find("\r\n\r\n");
      const size_t length = answer.find("Content-Length: ");
      if (head == std::string::npos || length > head) continue;
      whole = head + 4 + std::strtoull(answer.c_str() + length + 16, nullptr, 10);
    }
    constexpr size_t kStatusAt = sizeof "HTTP/1.1 " - 1;
    return static_cast<unsigned>(std::strtoul(answer.c_str() + kStatusAt, nullptr, 10));
  }

  node::Descriptor socket_;
};

class AdmissionProbe final : public Probe {
 public:
  explicit AdmissionProbe(const ProbeSettings& settings)
      : settings_(settings), metrics_(nullptr), desk_(node::DeskSettings{}) {}
  ~AdmissionProbe() override {
    server_.reset();
    desk_.detach();
  }
  [[nodiscard]] std::string name() const override { return "admission"; }

  [[nodiscard]] Status prepare() override {
    desk_.attach(replica_, consensus::Checkpoint{});
    node::HttpServerSettings server_settings;
    // Between two rounds the connection is quiet for as long as all else takes.
    server_settings.idle_timeout = Duration::seconds(3'600);
    auto server = node::HttpServer::start(server_settings, routes_);
    if (!server) return server.error();
    server_ = *std::move(server);
    if (!client_.connect(server_->port())) {
      return Error{ErrorCode::kIo, "the endpoint for clients does not answer", {}};
    }
    return submit(1);
  }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    const uint64_t requests = scaled(kRequests, settings_.effort);
    const Duration before = routes_.processor().value_or(Duration::zero());
    const Duration begin = clocks.wall();
    if (Status submitted = submit(requests); !submitted) return submitted;
    figures.add(RowKind::kWall, {"submission", {{"over", "HTTP"}}}, "transaction",
                clocks.wall() - begin, requests);
    figures.add(RowKind::kProcessor, {"admit", {{"over", "HTTP"}}}, "transaction",
                routes_.processor().value_or(Duration::zero()) - before, requests);
    finalise();
    return consensus::success();
  }

 private:
  [[nodiscard]] Status submit(uint64_t count) {
    std::string transaction(kTransactionBytes, 't');
    for (uint64_t i = 0; i < count; ++i) {
      ++submitted_;
      for (size_t byte = 0; byte < sizeof submitted_; ++byte) {
        transaction[byte] = static_cast<char>(submitted_ >> (8U * byte));
      }
      constexpr unsigned kPending = 202;
      const unsigned status = client_.submit(transaction);
      if (status != kPending) {
        return Error{ErrorCode::kIo,
                     "expected 202 of the endpoint for clients, and got " +
                         (status == 0 ? "no answer" : std::to_string(status)),
                     {}};
      }
    }
    return consensus::success();
  }

  // What is pending becomes final, so that the desk's tables do not grow from round to round.
  void finalise() {
    auto block = consensus::Ref<consensus::Block>::make();
    block->height = ++height_;
    block->payloads = replica_.take_payloads();
    consensus::seal_block(consensus::HashAlgorithm::kSha256, *block);
    const std::vector<consensus::Receipt> receipts(block->payloads.size());
    desk_.on_final({std::move(block), {}}, receipts);
  }

  ProbeSettings settings_;
  TakingReplica replica_;
  NoQueries queries_;
  node::Metrics metrics_;
  node::ClientDesk desk_;
  ClockedRoutes routes_{desk_, metrics_, queries_};
  std::unique_ptr<node::HttpServer> server_;
  Client client_;
  consensus::Height height_;
  uint64_t submitted_ = 0;
};

}  // namespace

std::unique_ptr<Probe> make_admission_probe(const ProbeSettings& settings) {
  return std::make_unique<AdmissionProbe>(settings);
}

}  // namespace govchain::analysis
