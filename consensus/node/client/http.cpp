#include "consensus/node/client/http.h"

#include <nlohmann/json.hpp>

namespace govchain::consensus::node {

HttpResponse error_response(unsigned status, std::string_view error, std::string_view expected) {
  HttpResponse response;
  response.status = status;
  const nlohmann::json body = {{"error", error}, {"expected", expected}};
  // What a client wrote may stand in it, and need not be UTF-8.
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

}  // namespace govchain::consensus::node
