#include "consensus/node/transport/dialler.h"

#include <algorithm>
#include <utility>

namespace govchain::consensus::node {

Dialler::Dialler(asio::io_context& io, NameLookup& names, Target target, Duration timeout,
                 Backoff backoff, Connected connected)
    : names_(names),
      target_(std::move(target)),
      timeout_(timeout),
      backoff_(backoff),
      connected_(std::move(connected)),
      socket_(io),
      timer_(io) {}

void Dialler::dial() {
  names_.find(target_.host, target_.port,
              [self = shared_from_this()](const std::vector<tcp::endpoint>& endpoints) {
                if (!self->stopped_) self->connect(endpoints);
              });
}

void Dialler::dial_later(Duration at_least) {
  timer_.expires_after(to_chrono(std::max(backoff_.next(), at_least)));
  timer_.async_wait([self = shared_from_this()](asio::error_code error) {
    if (!error && !self->stopped_) self->dial();
  });
}

void Dialler::connect(const std::vector<tcp::endpoint>& endpoints) {
  if (endpoints.empty()) return dial_later();
  // One address for each try: the first may be one that never answers.
  const tcp::endpoint& endpoint = endpoints[tries_++ % endpoints.size()];
  socket_ = tcp::socket(socket_.get_executor());
  timer_.expires_after(to_chrono(timeout_));
  timer_.async_wait([self = shared_from_this()](asio::error_code error) {
    asio::error_code ignored;
    if (!error) self->socket_.close(ignored);
  });
  socket_.async_connect(endpoint, [self = shared_from_this()](asio::error_code error) {
    if (self->stopped_) return;
    self->timer_.cancel();
    if (error || !self->socket_.is_open()) return self->dial_later();
    self->connected_(std::move(self->socket_));
  });
}

void Dialler::stop() {
  stopped_ = true;
  asio::error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

}  // namespace govchain::consensus::node
