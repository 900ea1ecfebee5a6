#pragma once
// What the routes answer in the same words.

#include <nlohmann/json_fwd.hpp>

#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/http.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

[[nodiscard]] HttpResponse json_response(unsigned status, const nlohmann::json& body);
// Of a read that was not carried out.
[[nodiscard]] HttpResponse read_failure_response(ReadFailure failure);
// What an application says of a query (query_service.h).
[[nodiscard]] HttpResponse query_error_response(const Error& error);

}  // namespace govchain::consensus::node
