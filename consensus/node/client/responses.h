#pragma once
// What the routes answer in the same words.

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/http.h"
#include "consensus/result.h"

namespace govchain::consensus::node {

[[nodiscard]] HttpResponse json_response(unsigned status, const nlohmann::json& body);
// Of a read that was not carried out.
[[nodiscard]] HttpResponse read_failure_response(ReadFailure failure);
// What an application says of a query (query_service.h). With the height of the state that was
// asked, if any: that something is not there is an answer, too.
[[nodiscard]] HttpResponse query_error_response(const Error& error,
                                                std::optional<Height> height = {});

}  // namespace govchain::consensus::node
