// Every route, over a real socket of the loopback address, with a desk on a replica that only
// remembers.

#include "consensus/node/client/routes.h"

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "consensus/node/client/bytes_text.h"
#include "consensus/node/client/http_server.h"
#include "tests/consensus/node/client/fake_replica.h"
#include "tests/consensus/node/client/raw_client.h"

namespace govchain::consensus::node {
namespace {

using nlohmann::json;
using testing::EmptyApplication;
using testing::FakeReplica;
using testing::finalise;
using testing::get;
using testing::post;
using testing::RawClient;
using testing::RawResponse;

const std::string kOctets = "application/octet-stream";
const std::string kJson = "application/json";
constexpr uint64_t kMaxPayload = 3'000;

class Queries final : public QueryService {
 public:
  [[nodiscard]] Result<json> answer(const Application& /*state*/, Height /*height*/,
                                    const json& request) override {
    const std::string what = request.at("what");  // throws if it is not there
    if (what == "lost") return Error{ErrorCode::kNotFound, "no such account", "an account"};
    if (what == "wrong") return Error{ErrorCode::kInvalid, "no such question", {}};
    if (what == "broken") return Error{ErrorCode::kCorrupt, "the state is broken", {}};
    return json{{"you_asked", request}};
  }
};

class Api : public ::testing::Test {
 protected:
  Api() {
    DeskSettings settings;
    settings.max_payload = Bytes(kMaxPayload);
    settings.max_transactions = 10;
    settings.finality_reached = [this](Duration latency) { metrics_.observe_finality(latency); };
    desk_ = std::make_unique<ClientDesk>(std::move(settings));
    desk_->attach(replica_, Checkpoint{});
    routes_ = std::make_unique<Routes>(RoutesSettings{}, *desk_, metrics_, queries_);
    auto started = HttpServer::start({}, *routes_);
    EXPECT_TRUE(started);
    server_ = std::move(*started);
    client_ = std::make_unique<RawClient>(server_->port());
  }
  RawResponse ask(const std::string& request) {
    auto response = client_->ask(request);
    if (!response) {
      client_ = std::make_unique<RawClient>(server_->port());
      response = client_->ask(request);
    }
    EXPECT_TRUE(response) << request.substr(0, 80);
    if (response && response->fields.contains("connection")) {
      client_ = std::make_unique<RawClient>(server_->port());
    }
    return response.value_or(RawResponse{});
  }
  json body_of(const RawResponse& response) { return json::parse(response.body, nullptr, false); }
  json expect(const std::string& request, unsigned status) {
    const RawResponse response = ask(request);
    EXPECT_EQ(response.status, status) << request.substr(0, 120) << "\n" << response.body;
    const json body = body_of(response);
    if (status >= 400) {
      EXPECT_TRUE(body["error"].is_string() && body["expected"].is_string()) << response.body;
    }
    return body;
  }
  template <typename Predicate>
  static bool wait(Predicate predicate) {
    for (int i = 0; i < 30'000; ++i) {
      if (predicate()) return true;
      ::usleep(1'000);
    }
    return false;
  }
  // The replica says how it is.
  void look(const Replica::Look& look) {
    std::vector<std::function<void(const Replica::Look&)>> lookers;
    EXPECT_TRUE(wait([&] {
      lookers = replica_.take_lookers();
      return !lookers.empty();
    }));
    for (const auto& looker : lookers) looker(look);
  }
  static std::string id_of(const std::string& text, uint32_t transactions = 1) {
    const std::vector<uint8_t> bytes(text.begin(), text.end());
    return to_hex(payload_digest(HashAlgorithm::kSha256, bytes, transactions).bytes);
  }

  FakeReplica replica_;
  Metrics metrics_{[] {
    TransportCounters counters;
    counters.frames_sent = 77;
    return counters;
  }};
  Queries queries_;
  std::unique_ptr<ClientDesk> desk_;
  std::unique_ptr<Routes> routes_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<RawClient> client_;
};

TEST_F(Api, TakesATransactionAndTellsWhenItIsFinal) {
  const json pending = expect(post("/v1/transactions?transactions=2", kOctets, "hello"), 202);
  EXPECT_EQ(pending["id"], id_of("hello", 2));
  EXPECT_EQ(pending["status"], "pending");
  ASSERT_EQ(replica_.proposed().size(), 1U);
  EXPECT_EQ(replica_.proposed()[0]->transactions, 2U);
  EXPECT_EQ(expect(get("/v1/transactions/" + id_of("hello", 2)), 202)["status"], "pending");
  EXPECT_EQ(expect(get("/v1/transactions/" + id_of("hello", 2) + "?wait=0.05"), 202)["status"],
            "pending");
  // One that waits, while the block becomes final.
  RawClient waits(server_->port());
  waits.send(get("/v1/transactions/" + id_of("hello", 2) + "?wait=60"));
  EXPECT_TRUE(wait([&] { return desk_->view().waiters == 1; }));
  finalise(*desk_, 5, replica_.proposed());
  const auto told = waits.receive();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 200U);
  const json final = json::parse(told->body);
  EXPECT_EQ(final["status"], "final");
  EXPECT_EQ(final["height"], 5);
  EXPECT_EQ(final["index"], 0);
  EXPECT_EQ(final["receipts"], json::parse(R"([{"code":0,"contract":3},{"code":1,"contract":3}])"));
  EXPECT_TRUE(final["certificate"].is_string());
  EXPECT_EQ(expect(get("/v1/transactions/" + id_of("hello", 2)), 200), final);
  // The same bytes again, in the other form.
  EXPECT_EQ(expect(post("/v1/transactions?wait=9", kJson,
                        R"({"payload_base64": "aGVsbG8=", "transactions": 2})"),
                   200),
            final);
  EXPECT_EQ(replica_.proposed().size(), 1U);
}

TEST_F(Api, SaysWhatIsWrongWithATransaction) {
  const std::string path = "/v1/transactions";
  expect(post(path, kOctets, ""), 400);
  expect(post(path + "?wait=soon", kOctets, "x"), 400);
  expect(post(path + "?wait=-1", kOctets, "x"), 400);
  expect(post(path + "?wait=61", kOctets, "x"), 400);
  expect(post(path + "?wait=nan", kOctets, "x"), 400);
  expect(post(path + "?transactions=0", kOctets, "x"), 400);
  expect(post(path + "?transactions=many", kOctets, "x"), 400);
  expect(post(path + "?priority=1", kOctets, "x"), 400);
  expect(post(path + "?transactions=1", kJson, R"({"payload_base64": "eA=="})"), 400);
  expect(post(path + "?transactions=11", kOctets, "x"), 413);
  expect(post(path, kOctets, std::string(kMaxPayload + 1, 'x')), 413);
  expect(post(path, "text/plain", "x"), 415);
  for (const char* body : {"", "x", "[]", "{}", R"({"payload_base64": 1})",
                           R"({"payload_base64": "x"})", R"({"payload_base64": "eA==", "more": 1})",
                           R"({"payload_base64": "eA==", "transactions": 0})",
                           R"({"payload_base64": "eA==", "transactions": -1})",
                           R"({"payload_base64": "eA==", "transactions": 1.5})",
                           R"({"payload_base64": "eA==", "transactions": 4294967296})",
                           R"({"payload_base64": ""})", "{\"\xff\": 1}"}) {
    expect(post(path, kJson, body), 400);
  }
  expect(post(path, kJson, std::string(2'000, '[')), 400);
  EXPECT_TRUE(replica_.proposed().empty());
  // As large as can be, in both forms.
  const std::vector<uint8_t> large(kMaxPayload, 7);
  expect(post(path, kOctets, std::string(kMaxPayload, '\x07')), 202);
  expect(post(path, kJson, json{{"payload_base64", to_base64(large)}}.dump()), 202);
  EXPECT_EQ(replica_.proposed().size(), 1U);
}

TEST_F(Api, RefusesWithTheStatusOfTheReason) {
  replica_.set_credit(Bytes(2));
  const RawResponse full = ask(post("/v1/transactions", kOctets, "large"));
  EXPECT_EQ(full.status, 429U);
  EXPECT_EQ(full.fields.at("retry-after"), "1");
  EXPECT_EQ(body_of(full)["status"], "refused");
  EXPECT_EQ(body_of(full)["cause"], "full");
  replica_.set_credit(Bytes(1'000));
  const std::vector<std::pair<RefusalReason, unsigned>> cases = {{RefusalReason::kFull, 429},
                                                                 {RefusalReason::kNoLeader, 503},
                                                                 {RefusalReason::kWitness, 503},
                                                                 {RefusalReason::kStopped, 503},
                                                                 {RefusalReason::kOversize, 413}};
  for (const auto& [reason, status] : cases) {
    RawClient client(server_->port());
    const size_t before = replica_.proposed().size();
    client.send(post("/v1/transactions?wait=60", kOctets, "x"));
    ASSERT_TRUE(wait([&] { return replica_.proposed().size() > before; }));
    ASSERT_TRUE(wait([&] { return desk_->view().waiters == 1; }));
    desk_->on_refused(replica_.proposed().back(), reason);
    const auto response = client.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, status);
    const bool later = reason == RefusalReason::kFull || reason == RefusalReason::kNoLeader;
    EXPECT_EQ(response->fields.contains("retry-after"), later);
  }
  EXPECT_EQ(expect(get("/v1/transactions/" + id_of("x")), 200)["status"], "refused");
  desk_->drain();
  EXPECT_EQ(expect(post("/v1/transactions", kOctets, "y"), 503)["cause"], "draining");
}

TEST_F(Api, SaysUnknownOfWhatWasOvertaken) {
  RawClient client(server_->port());
  client.send(post("/v1/transactions?wait=60", kOctets, "x"));
  ASSERT_TRUE(wait([&] { return desk_->view().waiters == 1; }));
  desk_->on_overtaken(Height(9));
  const auto response = client.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 202U);
  const json body = json::parse(response->body);
  EXPECT_EQ(body["status"], "unknown");
  EXPECT_EQ(body["cause"], "overtaken");
  EXPECT_FALSE(body["explanation"].get<std::string>().empty());
}

TEST_F(Api, KnowsNoOtherPathsAndMethods) {
  const json nowhere = expect(get("/v2/transactions"), 404);
  EXPECT_NE(nowhere["expected"].get<std::string>().find("/v1/blocks/"), std::string::npos);
  expect(get("/"), 404);
  expect(get("/v1/transactions/" + std::string(64, 'a')), 404);
  expect(get("/v1/transactions/" + std::string(63, 'a')), 400);
  expect(get("/v1/transactions/" + std::string(64, 'A')), 400);
  const RawResponse method = ask(get("/v1/transactions"));
  EXPECT_EQ(method.status, 405U);
  EXPECT_EQ(method.fields.at("allow"), "POST");
  expect("DELETE /v1/status HTTP/1.1\r\nHost: h\r\n\r\n", 405);
  expect("POST /v1/transactions HTTP/1.1\r\nHost: h\r\nContent-Type: " + kOctets + "\r\n\r\n", 411);
  expect("rubbish\r\n\r\n", 400);
}

TEST_F(Api, GivesBlocksAsLongAsItHoldsThem) {
  EXPECT_EQ(expect(get("/v1/blocks/1"), 404)["expected"], "none yet");
  expect(post("/v1/transactions", kOctets, "hello"), 202);
  finalise(*desk_, 3, replica_.proposed());
  const json block = expect(get("/v1/blocks/3"), 200);
  EXPECT_EQ(block["height"], 3);
  EXPECT_EQ(block["payloads"][0]["id"], id_of("hello"));
  EXPECT_FALSE(block["payloads"][0].contains("payload_base64"));
  EXPECT_EQ(block["receipts"].size(), 1U);
  EXPECT_TRUE(block["certificate"].is_string());
  EXPECT_EQ(expect(get("/v1/blocks/3?payloads=true"), 200)["payloads"][0]["payload_base64"],
            "aGVsbG8=");
  EXPECT_EQ(expect(get("/v1/blocks/4"), 404)["expected"], "heights 3 to 3");
  expect(get("/v1/blocks/3?payloads=maybe"), 400);
  expect(get("/v1/blocks/-3"), 400);
  expect(get("/v1/blocks/"), 400);
  expect(get("/v1/blocks/99999999999999999999"), 400);
}

TEST_F(Api, TellsTheCheckpointAndTheMembership) {
  expect(get("/v1/checkpoint"), 404);
  expect(get("/v1/membership"), 503);
  Checkpoint checkpoint;
  checkpoint.height = Height(64);
  checkpoint.epoch = Epoch(2);
  checkpoint.state_root.bytes[0] = 0xab;
  desk_->on_checkpoint(checkpoint);
  Membership membership;
  membership.epoch = Epoch(2);
  membership.members.push_back(Member{ReplicaId(4), 3, {}, MemberRole::kWitness});
  desk_->on_membership(membership);
  const json told = expect(get("/v1/checkpoint"), 200);
  EXPECT_EQ(told["height"], 64);
  EXPECT_EQ(told["epoch"], 2);
  EXPECT_EQ(told["state_root"].get<std::string>().substr(0, 4), "ab00");
  EXPECT_TRUE(told["certificate"].is_null());
  const json members = expect(get("/v1/membership"), 200);
  EXPECT_EQ(members["epoch"], 2);
  EXPECT_EQ(members["members"][0]["id"], 4);
  EXPECT_EQ(members["members"][0]["role"], "witness");
}

TEST_F(Api, IsReadyOnlyWhileTheReplicaActs) {
  EXPECT_EQ(expect(get("/health"), 200)["status"], "ok");
  EXPECT_EQ(expect(get("/ready"), 503)["error"], "starting");
  expect(get("/v1/status"), 503);
  Replica::Look seen;
  seen.status.in_view_change = true;
  seen.status.committed = Height(12);
  look(seen);
  EXPECT_EQ(expect(get("/ready"), 503)["error"], "no leader is known");
  seen.status.in_view_change = false;
  look(seen);
  EXPECT_TRUE(wait([&] { return ask(get("/ready")).status == 200; }));
  const json status = expect(get("/v1/status"), 200);
  EXPECT_EQ(status["engine"]["committed"], 12);
  EXPECT_TRUE(status["engine"]["leader"].is_null());
  EXPECT_TRUE(status["stopped"].is_null());
  desk_->on_disk_full(true);
  EXPECT_EQ(expect(get("/ready"), 503)["error"], "the disk is full");
  desk_->on_disk_full(false);
  expect(get("/ready"), 200);
  desk_->drain();
  EXPECT_EQ(expect(get("/ready"), 503)["error"], "draining");
  desk_->on_stopped(StopReason::kRemoved, "no member");
  EXPECT_EQ(expect(get("/ready"), 503)["error"], "stopped: no member");
  EXPECT_EQ(expect(get("/v1/status"), 200)["stopped"]["reason"], "removed");
  expect(get("/health"), 200);
}

TEST_F(Api, AnswersQueriesFromTheStateOnceTheReadIsLinearizable) {
  RawClient client(server_->port());
  const auto answer_next = [&] {
    std::vector<ExecutionThread::Query> queries;
    ASSERT_TRUE(wait([&] {
      for (const Token token : replica_.take_reads()) desk_->on_read_ready(token, Height(8));
      queries = replica_.take_queries();
      return !queries.empty();
    }));
    queries[0](EmptyApplication(), Height(8));
  };
  const auto query = [&](const std::string& body) {
    client.send(post("/v1/query", kJson, body));
    answer_next();
    return client.receive().value_or(RawResponse{});
  };
  const RawResponse answered = query(R"({"what": "balance", "of": "alice"})");
  EXPECT_EQ(answered.status, 200U);
  EXPECT_EQ(body_of(answered),
            json::parse(R"({"height":8,"answer":{"you_asked":{"what":"balance","of":"alice"}}})"));
  EXPECT_EQ(desk_->view().counters.reads, 1U);
  EXPECT_EQ(query(R"({"what": "balance", "consistency": "local"})").status, 200U);
  const RawResponse absent = query(R"({"what": "lost"})");
  EXPECT_EQ(absent.status, 404U);
  EXPECT_EQ(body_of(absent)["height"], 8) << "that it is not there is known of a state";
  EXPECT_EQ(query(R"({"what": "wrong"})").status, 400U);
  EXPECT_EQ(query(R"({"what": "broken"})").status, 500U);
  EXPECT_EQ(query(R"({"what": 5})").status, 500U) << "a service that throws ends nothing";
  EXPECT_EQ(query("{}").status, 500U);

  expect(post("/v1/query", kJson, "[]"), 400);
  expect(post("/v1/query", kJson, R"({"consistency": "eventual"})"), 400);
  expect(post("/v1/query", kOctets, "{}"), 415);
  expect(post("/v1/query", kJson, std::string(70'000, ' ')), 413);
  client.send(post("/v1/query", kJson, R"({"what": "balance"})"));
  std::vector<Token> tokens;
  ASSERT_TRUE(wait([&] {
    tokens = replica_.take_reads();
    return !tokens.empty();
  }));
  desk_->on_read_refused(tokens[0]);
  const auto refused = client.receive();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503U);
  EXPECT_EQ(refused->fields.at("retry-after"), "1");
}

TEST_F(Api, CountsForPrometheus) {
  Replica::Look seen;
  seen.counters.forged = 4;
  seen.status.mempool = Bytes(123);
  seen.messages_dropped = 9;
  look(seen);
  desk_->on_journal_failed(Error{ErrorCode::kIo, "no room", "a.life"});
  expect(post("/v1/transactions", kOctets, "hello"), 202);
  finalise(*desk_, 3, replica_.proposed());
  expect(get("/nowhere"), 404);
  const RawResponse response = ask(get("/metrics"));
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.fields.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line : {
           "govchain_engine_inputs_dropped_total{reason=\"forged\"} 4",
           "govchain_mempool_bytes 123",
           "govchain_submissions_total{outcome=\"admitted\"} 1",
           "govchain_submissions_total{outcome=\"final\"} 1",
           "govchain_finality_seconds_count 1",
           "govchain_finality_seconds_bucket{le=\"60\"} 1",
           "govchain_disk_full 0",
           "govchain_journal_failed 1",
           "govchain_messages_dropped_total 9",
           "govchain_transport_frames_sent_total 77",
           "govchain_http_connections 1",
           "# TYPE govchain_finality_seconds histogram",
       }) {
    EXPECT_NE(response.body.find(std::string(line) + "\n"), std::string::npos) << line << "\n"
                                                                               << response.body;
  }
  const auto counted = [&](const std::string& route, const std::string& code) {
    const std::string one = "govchain_http_responses_total{code=\"" + code + "\",route=\"" + route;
    const std::string other =
        "govchain_http_responses_total{route=\"" + route + "\",code=\"" + code;
    return response.body.find(one + "\"} 1\n") != std::string::npos ||
           response.body.find(other + "\"} 1\n") != std::string::npos;
  };
  EXPECT_TRUE(counted("transactions", "202")) << response.body;
  EXPECT_TRUE(counted("none", "404")) << response.body;
}

}  // namespace
}  // namespace govchain::consensus::node
