#pragma once
// Serves HTTP/1.1 on one thread, with limits on all that a client chooses: the size of header and
// body, how long it takes to send them and to take the answer, and how many connections there are.
// Memory grows with the bytes that have come, never with a length that was announced.
//
// One request of a connection is handled at a time; those that follow wait in the socket. Whoever
// is cut off is told why, as long as it still listens.

#include <memory>
#include <string>

#include "consensus/node/client/http.h"
#include "consensus/result.h"
#include "consensus/time.h"
#include "consensus/units.h"

namespace govchain::consensus::node {

struct HttpServerSettings {
  std::string host = "127.0.0.1";  // an address
  uint16_t port = 0;               // 0: any that is free
  uint32_t max_connections = 1'024;
  Bytes max_header{16U << 10U};
  // Of bodies that are being received or sent, all connections together; errors always fit.
  Bytes max_bodies{64U << 20U};
  Duration idle_timeout = Duration::seconds(60);     // until a request begins
  Duration request_timeout = Duration::seconds(10);  // from its first byte to its last
  Duration write_timeout = Duration::seconds(10);    // of a whole answer
  // After the last answer: so long the connection listens, because a close in the face of a client
  // that still sends would take the answer from it.
  Duration linger_timeout = Duration::seconds(1);
  // At the end: so long what is being answered may take.
  Duration stop_timeout = Duration::seconds(1);
  Duration tick = Duration::milliseconds(20);  // of HttpHandler::on_time()
};

class HttpServer {
 public:
  // kInvalid: not an address. kIo: it is taken. The handler must outlive the server.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const HttpServerSettings& settings,
                                                                 HttpHandler& handler);
  // Takes no more requests, lets answers leave, and joins. Answers that come later go nowhere.
  virtual ~HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  [[nodiscard]] virtual uint16_t port() const = 0;

 protected:
  HttpServer() = default;
};

}  // namespace govchain::consensus::node
