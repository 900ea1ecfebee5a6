// What a client's transaction costs the replica that admits it: the node's HTTP server, its routes
// and its desk, asked over the loopback device on one connection that stays open.

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "analysis/calibrate/endpoint.h"
#include "analysis/calibrate/probes.h"
#include "consensus/assert.h"
#include "consensus/codec.h"
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
  explicit AdmissionProbe(const ProbeSettings& settings) : settings_(settings) {}
  [[nodiscard]] std::string name() const override { return "admission"; }

  [[nodiscard]] Status prepare() override {
    if (Status started = endpoint_.start(); !started) return started;
    if (!client_.connect(endpoint_.port())) {
      return Error{ErrorCode::kIo, "the endpoint for clients does not answer", {}};
    }
    return submit(1);
  }

  [[nodiscard]] Status round(Clocks& clocks, Figures& figures) override {
    const uint64_t requests = scaled(kRequests, settings_.effort);
    const Duration before = endpoint_.processor();
    const Duration begin = clocks.wall();
    if (Status submitted = submit(requests); !submitted) return submitted;
    figures.add(RowKind::kWall, {"submission", {{"over", "HTTP"}}}, "transaction",
                clocks.wall() - begin, requests);
    figures.add(RowKind::kProcessor, {"admit", {{"over", "HTTP"}}}, "transaction",
                endpoint_.processor() - before, requests);
    endpoint_.finalise();
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

  ProbeSettings settings_;
  Endpoint endpoint_;
  Client client_;
  uint64_t submitted_ = 0;
};

}  // namespace

std::unique_ptr<Probe> make_admission_probe(const ProbeSettings& settings) {
  return std::make_unique<AdmissionProbe>(settings);
}

}  // namespace govchain::analysis
