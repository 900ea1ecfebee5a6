// An HTTP server on a real socket of the loopback address, with clients that do not behave.

#include "consensus/node/client/http_server.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/consensus/node/client/raw_client.h"
#include "tests/consensus/random_source.h"

namespace govchain::consensus::node {
namespace {

using testing::get;
using testing::post;
using testing::RawClient;
using testing::RawResponse;

constexpr uint64_t kBodyLimit = 1'000;

// Says what it got. POST /later is answered when the test wants it so.
class Echo final : public HttpHandler {
 public:
  [[nodiscard]] Admission admit(const HttpHead& head) override {
    Admission admission;
    admission.route = "echo";
    admission.body_limit = Bytes(head.method == "POST" ? kBodyLimit : 0);
    if (head.path == "/refused") admission.refusal = error_response(404, "refused", "another");
    return admission;
  }
  void handle(HttpRequest request, Respond respond) override {
    if (request.head.path == "/later") {
      const std::lock_guard lock(mutex_);
      later_.push_back(std::move(respond));
      return;
    }
    HttpResponse response;
    if (request.head.path == "/large") {
      response.body = std::string(size_t{32} << 20U, 'x');
      return respond(std::move(response));
    }
    nlohmann::json parameters = nlohmann::json::object();
    for (const auto& [name, value] : request.head.parameters) parameters[name] = value;
    response.body = nlohmann::json{
        {"method", request.head.method},
        {"path", request.head.path},
        {"type", request.head.content_type},
        {"parameters", parameters},
        {"body",
         request.body}}.dump();
    respond(std::move(response));
  }
  void on_time() override { ++ticks; }
  void on_response(std::string_view /*route*/, unsigned status) override {
    const std::lock_guard lock(mutex_);
    statuses_.push_back(status);
  }
  void on_connections(uint32_t /*open*/) override {}

  [[nodiscard]] std::vector<Respond> take_later() {
    const std::lock_guard lock(mutex_);
    return std::exchange(later_, {});
  }
  [[nodiscard]] std::vector<unsigned> statuses() {
    const std::lock_guard lock(mutex_);
    return statuses_;
  }
  std::atomic<int> ticks{0};

 private:
  std::mutex mutex_;
  std::vector<Respond> later_;
  std::vector<unsigned> statuses_;
};

class Http : public ::testing::Test {
 protected:
  void start(HttpServerSettings settings = {}) {
    settings.linger_timeout = Duration::milliseconds(200);
    auto started = HttpServer::start(settings, echo_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }
  [[nodiscard]] uint16_t port() const { return server_->port(); }
  static nlohmann::json json_of(const std::optional<RawResponse>& response) {
    return response ? nlohmann::json::parse(response->body, nullptr, false) : nlohmann::json();
  }
  // An error that says what would have been right, after which the connection ends.
  void expect_refusal(const std::string& text, unsigned status) {
    RawClient client(port());
    const auto response = client.ask(text);
    ASSERT_TRUE(response) << text.substr(0, 100);
    EXPECT_EQ(response->status, status) << text.substr(0, 100);
    EXPECT_EQ(response->fields.at("content-type"), "application/json");
    EXPECT_TRUE(json_of(response)["error"].is_string());
    EXPECT_TRUE(json_of(response)["expected"].is_string());
    EXPECT_TRUE(client.is_closed()) << text.substr(0, 100);
  }

  Echo echo_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Http, KeepsAConnectionForManyRequests) {
  start();
  RawClient client(port());
  for (int i = 0; i < 50; ++i) {
    const auto response = client.ask(
        post("/a/b?x=1&y=" + std::to_string(i), "Application/JSON; charset=utf-8", "body"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200U);
    const nlohmann::json body = json_of(response);
    EXPECT_EQ(body["path"], "/a/b");
    EXPECT_EQ(body["type"], "application/json");
    EXPECT_EQ(body["parameters"]["y"], std::to_string(i));
    EXPECT_EQ(body["body"], "body");
  }
}

TEST_F(Http, AnswersPipelinedRequestsInTheirOrder) {
  start();
  RawClient client(port());
  std::string all;
  for (int i = 0; i < 40; ++i) {
    const std::string target = "/" + std::to_string(i);
    all += i % 3 == 0 ? post(target, "text/plain", std::string(100, 'b')) : get(target);
  }
  client.send(all);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(json_of(client.receive())["path"], "/" + std::to_string(i));
  }
}

TEST_F(Http, ReadsRequestsHoweverTheyAreCutUp) {
  start();
  consensus::testing::RandomSource random(1);
  RawClient client(port());
  for (int i = 0; i < 20; ++i) {
    const std::string body(random.below(kBodyLimit), 'b');
    const std::string text = post("/cut", "text/plain", body);
    for (size_t sent = 0; sent < text.size();) {
      const size_t count = 1 + random.below(i == 0 ? 1 : 200);
      client.send(std::string_view(text).substr(sent, count));
      sent += count;
    }
    EXPECT_EQ(json_of(client.receive())["body"], body);
  }
}

TEST_F(Http, ReadsBodiesInChunks) {
  start();
  RawClient client(port());
  const std::string head = "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(
      json_of(client.ask(head + "4\r\nbody\r\n3;x=y\r\nand\r\n0\r\nTrailer: t\r\n\r\n"))["body"],
      "bodyand");
  EXPECT_EQ(json_of(client.ask(get("/after")))["path"], "/after");
  std::string large = head;
  for (int i = 0; i < 3; ++i) large += "190\r\n" + std::string(400, 'b') + "\r\n";
  expect_refusal(large, 413);
}

TEST_F(Http, InvitesTheBodyOfAClientThatAsksFirst) {
  start();
  RawClient client(port());
  const auto invited = client.ask(
      "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(invited);
  EXPECT_EQ(invited->status, 100U);
  EXPECT_EQ(json_of(client.ask("body"))["body"], "body");
  expect_refusal(
      "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n", 413);
  expect_refusal("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: more\r\n\r\n", 417);
}

TEST_F(Http, RefusesWhatIsNotHttp) {
  start();
  for (const char* text : {
           "rubbish\r\n\r\n",
           "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 hello\r\n\r\n",
           "GET / HTTP/x\r\nHost: h\r\n\r\n",
           "GET /\r\n\r\n",
           "GET / HTTP/1.1\r\nHost h\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET * HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /?= HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /?a HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /?a=1&a=2 HTTP/1.1\r\nHost: h\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbodyx",
           "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       }) {
    expect_refusal(text, 400);
  }
}

TEST_F(Http, RefusesBytesAtRandomAndGoesOn) {
  start();
  consensus::testing::RandomSource random(2);
  for (int i = 0; i < 60; ++i) {
    RawClient client(port());
    std::string text = post("/x", "text/plain", "body");
    if (i % 2 == 0) {
      const auto bytes = random.bytes(1 + random.below(300));
      text.assign(bytes.begin(), bytes.end());
    } else {
      for (int k = 0; k < 3; ++k)
        text[random.below(text.size())] = static_cast<char>(random.next());
    }
    client.send(text);
  }
  RawClient client(port());
  EXPECT_EQ(json_of(client.ask(get("/sound")))["path"], "/sound");
}

TEST_F(Http, RefusesWhatIsTooLarge) {
  HttpServerSettings settings;
  settings.max_header = Bytes(2'000);
  start(settings);
  expect_refusal("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(3'000, 'x') + "\r\n\r\n", 431);
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 400; ++i) many += "X: y\r\n";
  expect_refusal(many + "\r\n", 431);
  expect_refusal("GET /" + std::string(100'000, 'x'), 431);
  // Announced only: nothing of it has to come, and no room is made for it.
  expect_refusal("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551614\r\n\r\n", 413);
  expect_refusal(post("/", "text/plain", std::string(kBodyLimit + 1, 'b')), 413);
  expect_refusal("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx", 413);
  RawClient client(port());
  EXPECT_EQ(client.ask(post("/", "text/plain", std::string(kBodyLimit, 'b')))->status, 200U);
}

TEST_F(Http, RefusesABodyOfWhichNoLengthIsGiven) {
  start();
  expect_refusal("POST / HTTP/1.1\r\nHost: h\r\n\r\n", 411);
}

TEST_F(Http, AnswersBeforeTheBodyWhereTheHandlerWantsNone) {
  start();
  RawClient client(port());
  const auto response =
      client.ask("POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404U);
  EXPECT_TRUE(client.is_closed());
  // Without a body the connection is as good as before.
  RawClient other(port());
  EXPECT_EQ(other.ask(get("/refused"))->status, 404U);
  EXPECT_EQ(other.ask(get("/next"))->status, 200U);
}

TEST_F(Http, SpeaksToOldClients) {
  start();
  RawClient client(port());
  const auto response = client.ask("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_EQ(json_of(response)["path"], "/old");
  EXPECT_TRUE(client.is_closed());
  RawClient other(port());
  EXPECT_EQ(json_of(other.ask("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))["path"], "/1");
  EXPECT_EQ(json_of(other.ask(
                "GET http://here/2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))["path"],
            "/2");
  EXPECT_TRUE(other.is_closed());
}

TEST_F(Http, CutsOffClientsThatTakeTooLong) {
  HttpServerSettings settings;
  settings.request_timeout = Duration::milliseconds(150);
  settings.idle_timeout = Duration::milliseconds(300);
  start(settings);
  RawClient header(port());
  RawClient body(port());
  RawClient idle(port());
  header.send("GET / HTTP/1.1\r\nHo");
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nbod");
  for (RawClient* const slow : {&header, &body}) {
    const auto response = slow->receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408U);
    EXPECT_TRUE(slow->is_closed());
  }
  EXPECT_TRUE(idle.is_closed());
  EXPECT_EQ(echo_.statuses(), (std::vector<unsigned>{408, 408}));
}

TEST_F(Http, CutsOffClientsThatDoNotTakeTheirAnswer) {
  HttpServerSettings settings;
  settings.write_timeout = Duration::milliseconds(150);
  settings.max_connections = 1;
  start(settings);
  RawClient stuck(port());
  stuck.send(get("/large"));
  // Its place is free again without its reading anything.
  for (int i = 0; i < 500; ++i) {
    RawClient next(port());
    const auto response = next.ask(get("/next"));
    if (response && response->status == 200) return;
    ::usleep(20'000);
  }
  FAIL() << "never cut off";
}

TEST_F(Http, TurnsAwayMoreConnectionsThanItsBound) {
  HttpServerSettings settings;
  settings.max_connections = 3;
  start(settings);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    EXPECT_EQ(clients.back()->ask(get("/"))->status, 200U);
  }
  for (int i = 0; i < 20; ++i) {
    RawClient more(port());
    const auto response = more.receive();  // before it has said anything
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503U);
    EXPECT_TRUE(response->fields.contains("retry-after"));
    EXPECT_TRUE(more.is_closed());
  }
  for (const auto& client : clients) EXPECT_EQ(client->ask(get("/"))->status, 200U);
  clients.pop_back();
  for (int i = 0; i < 500; ++i) {
    RawClient next(port());
    next.send(get("/"));
    const auto response = next.receive();
    if (response && response->status == 200) return;
    ::usleep(10'000);
  }
  FAIL() << "no place became free";
}

TEST_F(Http, MakesRoomForNoMoreBodiesThanItsBound) {
  HttpServerSettings settings;
  settings.max_bodies = Bytes(3'000);
  start(settings);
  const std::string body(kBodyLimit, 'b');
  const std::string half = post("/", "text/plain", body).substr(0, 700);
  std::vector<std::unique_ptr<RawClient>> clients;
  bool crowded = false;
  for (int i = 0; i < 30 && !crowded; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    clients.back()->send(half);
    // What is refused gives its room back, so it is one who asks for much that finds none.
    RawClient probe(port());
    const auto response = probe.ask(post("/", "text/plain", body));
    ASSERT_TRUE(response);
    crowded = response->status == 503;
  }
  EXPECT_TRUE(crowded);
  clients.clear();
  for (int i = 0; i < 500; ++i) {
    const auto response = RawClient(port()).ask(post("/", "text/plain", body));
    if (response && response->status == 200) return;
    ::usleep(10'000);
  }
  FAIL() << "the room did not become free";
}

TEST_F(Http, SendsNoAnswerForWhichThereIsNoRoom) {
  HttpServerSettings settings;
  settings.max_bodies = Bytes(100'000);
  start(settings);
  RawClient client(port());
  const auto response = client.ask(get("/large"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503U);
  EXPECT_TRUE(response->fields.contains("retry-after"));
}

TEST_F(Http, AnswersLateFromAnotherThreadAndForgetsClientsThatHaveGone) {
  start();
  RawClient patient(port());
  patient.send(post("/later", "text/plain", "") + get("/after"));
  auto gone = std::make_unique<RawClient>(port());
  gone->send(post("/later", "text/plain", ""));
  std::vector<HttpHandler::Respond> later;
  for (int i = 0; i < 3'000 && later.size() < 2; ++i) {
    for (auto& respond : echo_.take_later()) later.push_back(std::move(respond));
    ::usleep(1'000);
  }
  ASSERT_EQ(later.size(), 2U);
  gone.reset();
  HttpResponse response;
  response.body = "late";
  for (const auto& respond : later) respond(response);
  EXPECT_EQ(patient.receive()->body, "late");
  EXPECT_EQ(json_of(patient.receive())["path"], "/after");
}

TEST_F(Http, EndsWhileAnswersAreOutstanding) {
  HttpServerSettings settings;
  settings.stop_timeout = Duration::milliseconds(50);
  start(settings);
  RawClient waits(port());
  waits.send(post("/later", "text/plain", ""));
  std::vector<HttpHandler::Respond> later;
  while (later.empty()) later = echo_.take_later();
  RawClient idle(port());
  server_.reset();
  EXPECT_TRUE(waits.is_closed());
  EXPECT_TRUE(idle.is_closed());
  later[0](HttpResponse{});  // goes nowhere
}

TEST_F(Http, SaysWhyItDoesNotStart) {
  start();
  HttpServerSettings settings;
  settings.port = port();
  const auto taken = HttpServer::start(settings, echo_);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kIo);
  settings.host = "not an address";
  const auto unknown = HttpServer::start(settings, echo_);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kInvalid);
  for (int i = 0; i < 3'000 && echo_.ticks == 0; ++i) ::usleep(1'000);
  EXPECT_GT(echo_.ticks, 0) << "time passes for the handler";
}

}  // namespace
}  // namespace govchain::consensus::node
