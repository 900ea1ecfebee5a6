#include "consensus/node/client/routes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <exception>
#include <utility>
#include <vector>

#include "consensus/node/client/bytes_text.h"
#include "consensus/node/client/client_json.h"
#include "consensus/node/client/responses.h"

namespace govchain::consensus::node {

namespace {

using nlohmann::json;

HttpResponse later(std::function<HttpResponse()> make) {
  HttpResponse response;
  response.later = std::move(make);
  return response;
}

constexpr std::string_view kOctets = "application/octet-stream";
constexpr std::string_view kJson = "application/json";
// Of a JSON submission, beside its payload.
constexpr uint64_t kEnvelopeBytes = 1'024;

constexpr std::array<std::string_view, 0> kNoParameters{};
constexpr std::array<std::string_view, 2> kSubmitParameters{"wait", "transactions"};
constexpr std::array<std::string_view, 1> kWaitParameter{"wait"};
constexpr std::array<std::string_view, 1> kBlockParameters{"payloads"};
constexpr std::array<std::string_view, 1> kProofParameters{"transaction"};

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int64_t whole_seconds(Duration duration) {
  return std::max<int64_t>(1, (duration.nanoseconds() + 999'999'999) / 1'000'000'000);
}

unsigned status_of_refusal(Cause cause) {
  if (cause == Cause::kOversize) return 413;
  if (cause == Cause::kForged) return 403;
  if (cause == Cause::kFull) return 429;
  return 503;
}

// What a submission, or a question for one, comes to.
HttpResponse answer_response(const Answer& answer, bool is_submission) {
  switch (answer.outcome) {
    case Outcome::kFinal:
    case Outcome::kOrdered:
      return json_response(200, to_json(answer));
    case Outcome::kPending:
    case Outcome::kUnknown:
      return json_response(202, to_json(answer));
    case Outcome::kMissing:
      return error_response(404, "no such transaction here",
                            "the id of one that is pending here, or final and remembered");
    case Outcome::kRefused:
      break;
  }
  json body = to_json(answer);
  if (!is_submission) return json_response(200, body);
  body["error"] = "refused: " + std::string(name_of(answer.cause));
  body["expected"] = explain(answer.cause);
  HttpResponse response = json_response(status_of_refusal(answer.cause), body);
  if (answer.try_again_after > Duration::zero()) {
    response.retry_after = whole_seconds(answer.try_again_after);
  }
  return response;
}

// A submission as it was written.
struct Submission {
  std::vector<uint8_t> bytes;
  uint32_t transactions = 1;
};

Result<Submission> read_submission(const HttpRequest& request) {
  Submission submission;
  const std::string* const count = request.head.parameter("transactions");
  const Error bad_count{ErrorCode::kInvalid, "transactions is not a count", "a number above zero"};
  if (request.head.content_type == kOctets) {
    submission.bytes.assign(request.body.begin(), request.body.end());
    if (count != nullptr) {
      const std::optional<uint32_t> number = number_of<uint32_t>(*count);
      if (!number || *number == 0) return bad_count;
      submission.transactions = *number;
    }
    return submission;
  }
  if (count != nullptr) {
    return Error{ErrorCode::kInvalid, "transactions is in the query", "in the JSON body"};
  }
  const std::string shape = R"({"payload_base64": "...", "transactions": n})";
  const std::optional<json> body = parse_json(request.body);
  if (!body || !body->is_object()) return Error{ErrorCode::kInvalid, "not a JSON object", shape};
  for (const auto& [name, value] : body->items()) {
    if (name != "payload_base64" && name != "transactions") {
      return Error{ErrorCode::kInvalid, "unknown member: " + name, shape};
    }
  }
  const auto text = body->find("payload_base64");
  if (text == body->end() || !text->is_string()) {
    return Error{ErrorCode::kInvalid, "no payload_base64", shape};
  }
  std::optional<std::vector<uint8_t>> bytes = from_base64(text->get_ref<const std::string&>());
  if (!bytes) {
    return Error{ErrorCode::kInvalid, "payload_base64 is not base64", "RFC 4648, padded"};
  }
  submission.bytes = std::move(*bytes);
  const auto number = body->find("transactions");
  if (number != body->end()) {
    if (!number->is_number_unsigned() || number->get<uint64_t>() == 0 ||
        number->get<uint64_t>() > UINT32_MAX) {
      return bad_count;
    }
    submission.transactions = number->get<uint32_t>();
  }
  return submission;
}

}  // namespace

Routes::Routes(const RoutesSettings& settings, ClientDesk& desk, Metrics& metrics,
               QueryService& queries)
    : settings_(settings),
      desk_(desk),
      metrics_(metrics),
      queries_(queries),
      proofs_(desk, queries, settings.query_timeout) {}

std::span<const Routes::Route> Routes::table() {
  static const std::array<Route, 12> routes{{
      {"transactions", "POST", "/v1/transactions", kSubmitParameters, &Routes::submit},
      {"transaction", "GET", "/v1/transactions/", kWaitParameter, &Routes::look_up},
      {"block", "GET", "/v1/blocks/", kBlockParameters, &Routes::block},
      {"record_proof", "GET", "/v1/proofs/records/", kNoParameters, &Routes::prove_record},
      {"proof", "GET", "/v1/proofs/", kProofParameters, &Routes::prove_transaction},
      {"checkpoint", "GET", "/v1/checkpoint", kNoParameters, &Routes::checkpoint},
      {"status", "GET", "/v1/status", kNoParameters, &Routes::status},
      {"membership", "GET", "/v1/membership", kNoParameters, &Routes::membership},
      {"query", "POST", "/v1/query", kNoParameters, &Routes::query},
      {"health", "GET", "/health", kNoParameters, &Routes::health},
      {"ready", "GET", "/ready", kNoParameters, &Routes::ready},
      {"metrics", "GET", "/metrics", kNoParameters, &Routes::metrics},
  }};
  return routes;
}

const Routes::Route* Routes::find(std::string_view path) {
  for (const Route& route : table()) {
    const bool has_argument = route.path.ends_with('/');
    if (has_argument ? path.starts_with(route.path) : path == route.path) return &route;
  }
  return nullptr;
}

HttpHandler::Admission Routes::admit(const HttpHead& head) {
  Admission admission;
  const Route* const route = find(head.path);
  if (route == nullptr) {
    std::string paths;
    for (const Route& one : table()) {
      if (!paths.empty()) paths += ", ";
      paths += one.path;
    }
    admission.refusal = error_response(404, "no such path", "one of " + paths);
    return admission;
  }
  admission.route = route->name;
  if (head.method != route->method) {
    admission.refusal = error_response(405, "not with this method", route->method);
    admission.refusal->allow = std::string(route->method);
    return admission;
  }
  for (const auto& [name, value] : head.parameters) {
    const auto known = route->parameters;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string expected;
    for (const std::string_view one : known) {
      if (!expected.empty()) expected += ", ";
      expected += one;
    }
    admission.refusal =
        error_response(400, "unknown parameter: " + name, expected.empty() ? "none" : expected);
    return admission;
  }
  if (route->method != "POST") return admission;
  const bool is_query = route->name == "query";
  const uint64_t payload = desk_.settings().max_payload.count();
  if (head.content_type == kJson) {
    admission.body_limit =
        is_query ? settings_.max_query : Bytes((payload + 2) / 3 * 4 + kEnvelopeBytes);
  } else if (head.content_type == kOctets && !is_query) {
    admission.body_limit = Bytes(payload);
  } else {
    admission.refusal =
        error_response(415, "not with this Content-Type",
                       is_query ? kJson : "application/octet-stream, or application/json");
  }
  return admission;
}

void Routes::handle(HttpRequest request, Respond respond) {
  const Route* const route = find(request.head.path);
  GOVCHAIN_ASSERT(route != nullptr);
  const std::string argument = request.head.path.substr(route->path.size());
  (this->*route->serve)(request, argument, std::move(respond));
}

void Routes::on_time() { desk_.on_time(); }

void Routes::on_response(std::string_view route, unsigned status) {
  metrics_.count_response(route, status);
}

void Routes::on_connections(uint32_t open) { metrics_.set_connections(open); }

std::optional<Duration> Routes::wait_of(const HttpHead& head, const Respond& respond) const {
  const std::string* const text = head.parameter("wait");
  if (text == nullptr) return Duration::zero();
  const std::optional<double> seconds = number_of<double>(*text);
  const double most = settings_.max_wait.to_seconds();
  if (!seconds || !std::isfinite(*seconds) || *seconds < 0 || *seconds > most) {
    respond(error_response(400, "wait is not a time",
                           "seconds, 0 to " + std::to_string(std::llround(most))));
    return std::nullopt;
  }
  return Duration::nanoseconds(std::llround(*seconds * 1e9));
}

// --- Transactions

void Routes::submit(const HttpRequest& request, std::string_view /*argument*/, Respond respond) {
  const std::optional<Duration> wait = wait_of(request.head, respond);
  if (!wait) return;
  const Result<Submission> submission = read_submission(request);
  if (!submission) {
    return respond(error_response(400, submission.error().message, submission.error().where));
  }
  if (submission->bytes.empty()) {
    return respond(error_response(400, "the payload is empty", "the bytes of transactions"));
  }
  desk_.submit(submission->bytes, submission->transactions, *wait,
               [respond = std::move(respond)](const Answer& answer) {
                 respond(later([answer] { return answer_response(answer, true); }));
               });
}

void Routes::look_up(const HttpRequest& request, std::string_view argument, Respond respond) {
  const std::optional<Duration> wait = wait_of(request.head, respond);
  if (!wait) return;
  const std::optional<Digest> id = digest_from_hex(argument);
  if (!id) {
    return respond(error_response(400, "not an id", "64 lower-case hexadecimal digits"));
  }
  desk_.look_up(*id, *wait, [respond = std::move(respond)](const Answer& answer) {
    respond(later([answer] { return answer_response(answer, false); }));
  });
}

// --- The chain

void Routes::block(const HttpRequest& request, std::string_view argument, Respond respond) {
  const std::optional<uint64_t> height = number_of<uint64_t>(argument);
  if (!height) return respond(error_response(400, "not a height", "a decimal number"));
  const std::string* const payloads = request.head.parameter("payloads");
  if (payloads != nullptr && *payloads != "true" && *payloads != "false") {
    return respond(error_response(400, "payloads is not a choice", "true or false"));
  }
  const auto found = desk_.block(Height(*height));
  if (found) {
    return respond(json_response(200, to_json(*found, payloads != nullptr && *payloads == "true")));
  }
  const auto held = desk_.blocks();
  respond(error_response(404, "no such block here",
                         held ? "heights " + std::to_string(held->oldest.value()) + " to " +
                                    std::to_string(held->newest.value())
                              : "none yet"));
}

void Routes::checkpoint(const HttpRequest& /*request*/, std::string_view /*argument*/,
                        Respond respond) {
  const Checkpoint checkpoint = desk_.view().checkpoint;
  if (checkpoint.height == Height()) {
    return respond(error_response(404, "no checkpoint yet", "a later time"));
  }
  respond(json_response(200, to_json(checkpoint)));
}

void Routes::status(const HttpRequest& /*request*/, std::string_view /*argument*/,
                    Respond respond) {
  const ClientDesk::View view = desk_.view();
  if (!view.look) {
    return respond(error_response(503, "the replica has not said anything yet", "a later time"));
  }
  respond(json_response(200, to_json(view, *view.look)));
}

void Routes::membership(const HttpRequest& /*request*/, std::string_view /*argument*/,
                        Respond respond) {
  const ClientDesk::View view = desk_.view();
  if (!view.membership) {
    return respond(error_response(503, "the replica has not said anything yet", "a later time"));
  }
  respond(json_response(200, to_json(*view.membership)));
}

// --- Queries

void Routes::query(const HttpRequest& request, std::string_view /*argument*/, Respond respond) {
  std::optional<json> body = parse_json(request.body);
  if (!body || !body->is_object()) {
    return respond(error_response(400, "not a JSON object", "a query of this chain's application"));
  }
  ReadConsistency consistency = ReadConsistency::kLinearizable;
  if (const auto wanted = body->find("consistency"); wanted != body->end()) {
    if (*wanted == "local") {
      consistency = ReadConsistency::kLocal;
    } else if (*wanted != "linearizable") {
      return respond(error_response(400, "unknown consistency", "linearizable or local"));
    }
    body->erase(wanted);
  }
  auto run = [this, respond, body = std::move(*body)](const Application& state, Height height) {
    // What the service forgot to check must not end the replica.
    try {
      const Result<json> answer = queries_.answer(state, height, body);
      if (!answer) return respond(query_error_response(answer.error(), height));
      respond(json_response(200, {{"height", height.value()}, {"answer", *answer}}));
    } catch (const std::exception& failure) {
      respond(error_response(500, std::string("the query failed: ") + failure.what(),
                             "a query of this chain's application"));
    }
  };
  desk_.read(consistency, settings_.query_timeout, std::move(run),
             [respond](ReadFailure failure) { respond(read_failure_response(failure)); });
}

// --- Proofs

void Routes::prove_transaction(const HttpRequest& request, std::string_view argument,
                               Respond respond) {
  const std::optional<Digest> id = digest_from_hex(argument);
  if (!id) {
    return respond(error_response(400, "not an id", "64 lower-case hexadecimal digits"));
  }
  uint32_t index = 0;
  if (const std::string* const text = request.head.parameter("transaction"); text != nullptr) {
    const std::optional<uint32_t> number = number_of<uint32_t>(*text);
    if (!number) {
      return respond(error_response(400, "transaction is not a number", "its place, from 0 on"));
    }
    index = *number;
  }
  proofs_.of_transaction(*id, index, std::move(respond));
}

void Routes::prove_record(const HttpRequest& /*request*/, std::string_view argument,
                          Respond respond) {
  std::optional<std::vector<uint8_t>> key = from_hex(argument);
  if (!key || key->empty()) {
    return respond(error_response(400, "not a key", "lower-case hexadecimal digits"));
  }
  proofs_.of_record(std::move(*key), std::move(respond));
}

// --- Operators

void Routes::health(const HttpRequest& /*request*/, std::string_view /*argument*/,
                    Respond respond) {
  respond(json_response(200, {{"status", "ok"}}));
}

std::string Routes::reason_not_ready(const ClientDesk::View& view) const {
  if (view.stopped) return "stopped: " + view.explanation;
  if (!view.attached || !view.look) return "starting";
  if (view.draining) return "draining";
  if (view.disk_full) return "the disk is full";
  if (view.look_age > settings_.max_look_age) return "the replica does not answer";
  if (!view.look->status.leader_known && view.look->status.in_view_change) {
    return "no leader is known";
  }
  return {};
}

void Routes::ready(const HttpRequest& /*request*/, std::string_view /*argument*/, Respond respond) {
  const std::string reason = reason_not_ready(desk_.view());
  if (!reason.empty()) return respond(error_response(503, reason, "a replica that acts"));
  respond(json_response(200, {{"status", "ready"}}));
}

void Routes::metrics(const HttpRequest& /*request*/, std::string_view /*argument*/,
                     Respond respond) {
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = metrics_.text(desk_.view());
  respond(std::move(response));
}

}  // namespace govchain::consensus::node
