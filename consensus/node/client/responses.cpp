#include "consensus/node/client/responses.h"

#include <nlohmann/json.hpp>

#include "consensus/node/client/client_json.h"

namespace govchain::consensus::node {

using nlohmann::json;

HttpResponse json_response(unsigned status, const json& body) {
  HttpResponse response;
  response.status = status;
  response.body = to_text(body);
  return response;
}

HttpResponse read_failure_response(ReadFailure failure) {
  HttpResponse response;
  switch (failure) {
    case ReadFailure::kRefused:
      response = error_response(503, "no linearizable read at present",
                                R"(another replica, a later time, or {"consistency": "local"})");
      break;
    case ReadFailure::kTimedOut:
      response = error_response(503, "the read timed out",
                                R"(another replica, a later time, or {"consistency": "local"})");
      break;
    case ReadFailure::kTooMany:
      response = error_response(429, "too many reads wait already", "a later time");
      break;
    case ReadFailure::kStopped:
      return error_response(503, "this replica has stopped", "another replica");
  }
  response.retry_after = 1;
  return response;
}

HttpResponse query_error_response(const Error& error, std::optional<Height> height) {
  const auto body = [&](unsigned status) {
    json told = {
        {"error", error.message},
        {"expected", error.where.empty() ? "a query of this chain's application" : error.where}};
    if (height) told["height"] = height->value();
    return json_response(status, told);
  };
  switch (error.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kMalformed:
    case ErrorCode::kUnsupported:
      return body(400);
    case ErrorCode::kNotFound:
      return body(404);
    case ErrorCode::kExhausted:
      return body(429);
    case ErrorCode::kIo:
    case ErrorCode::kCorrupt:
      break;
  }
  return body(500);
}

}  // namespace govchain::consensus::node
