#pragma once
// The paths under which clients and operators reach a desk: README.md lists them.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "consensus/node/client/client_desk.h"
#include "consensus/node/client/http.h"
#include "consensus/node/client/metrics.h"
#include "consensus/node/client/proofs.h"
#include "consensus/node/client/query_service.h"

namespace govchain::consensus::node {

struct RoutesSettings {
  Duration max_wait = Duration::seconds(60);  // that a client may ask for
  Duration query_timeout = Duration::seconds(5);
  Bytes max_query{64U << 10U};
  // A replica whose loop has not answered for so long is not ready.
  Duration max_look_age = Duration::seconds(5);
};

class Routes final : public HttpHandler {
 public:
  Routes(const RoutesSettings& settings, ClientDesk& desk, Metrics& metrics, QueryService& queries);

  [[nodiscard]] Admission admit(const HttpHead& head) override;
  void handle(HttpRequest request, Respond respond) override;
  void on_time() override;
  void on_response(std::string_view route, unsigned status) override;
  void on_connections(uint32_t open) override;

 private:
  struct Route {
    std::string_view name;
    std::string_view method;
    std::string_view path;  // one that ends in a slash is followed by an argument
    std::span<const std::string_view> parameters;
    void (Routes::*serve)(const HttpRequest& request, std::string_view argument, Respond respond);
  };
  [[nodiscard]] static std::span<const Route> table();
  [[nodiscard]] static const Route* find(std::string_view path);

  void submit(const HttpRequest& request, std::string_view argument, Respond respond);
  void look_up(const HttpRequest& request, std::string_view argument, Respond respond);
  void block(const HttpRequest& request, std::string_view argument, Respond respond);
  void checkpoint(const HttpRequest& request, std::string_view argument, Respond respond);
  void status(const HttpRequest& request, std::string_view argument, Respond respond);
  void membership(const HttpRequest& request, std::string_view argument, Respond respond);
  void prove_transaction(const HttpRequest& request, std::string_view argument, Respond respond);
  void prove_record(const HttpRequest& request, std::string_view argument, Respond respond);
  void query(const HttpRequest& request, std::string_view argument, Respond respond);
  void health(const HttpRequest& request, std::string_view argument, Respond respond);
  void ready(const HttpRequest& request, std::string_view argument, Respond respond);
  void metrics(const HttpRequest& request, std::string_view argument, Respond respond);

  // Null: answered already, with what is wrong with it.
  [[nodiscard]] std::optional<Duration> wait_of(const HttpHead& head, const Respond& respond) const;
  [[nodiscard]] std::string reason_not_ready(const ClientDesk::View& view) const;

  const RoutesSettings settings_;
  ClientDesk& desk_;
  Metrics& metrics_;
  QueryService& queries_;
  Proofs proofs_;
};

}  // namespace govchain::consensus::node
