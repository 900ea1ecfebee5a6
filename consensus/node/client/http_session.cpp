#include "consensus/node/client/http_session.h"

#include <algorithm>
#include <chrono>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/write.hpp>

#include "consensus/assert.h"

namespace govchain::consensus::node {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// Room behind the header for what came with it.
constexpr uint64_t kReadAhead = 64U << 10U;
constexpr size_t kFirstRead = 4U << 10U;
// Answers so small are not counted among the bodies.
constexpr size_t kFreeAnswer = 4U << 10U;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return result;
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

HttpSession::HttpSession(HttpShared& shared, asio::ip::tcp::socket socket)
    : shared_(shared),
      socket_(std::move(socket)),
      timer_(shared.context),
      buffer_(shared.settings.max_header.count() + kReadAhead) {}

void HttpSession::start() { await_request(); }

void HttpSession::finish() {
  finishing_ = true;
  if (between_requests_) close();
}

void HttpSession::close() {
  if (std::exchange(closed_, true)) return;
  ErrorCode ignored;
  ++timer_generation_;
  timer_.cancel(ignored);
  socket_.close(ignored);
  shared_.body_bytes -= std::exchange(held_, 0);
  shared_.sessions.erase(shared_from_this());
  shared_.handler->on_connections(static_cast<uint32_t>(shared_.sessions.size()));
}

// Replaces the deadline before; `late` is called unless another one is set in time.
void HttpSession::arm(Duration patience, std::function<void()> late) {
  timer_.expires_after(std::chrono::nanoseconds(patience.nanoseconds()));
  timer_.async_wait([self = shared_from_this(), generation = ++timer_generation_,
                     late = std::move(late)](const ErrorCode& error) {
    if (!error && generation == self->timer_generation_) late();
  });
}

// What is being read ends, and finds `late_`.
void HttpSession::cut_off() {
  late_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
}

// --- A request

void HttpSession::await_request() {
  if (finishing_) return close();
  late_ = false;
  route_ = {};
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(shared_.settings.max_header.count()));
  // Counted here, to say so (413).
  parser_->body_limit(UINT64_MAX);
  if (buffer_.size() > 0) return read_header();
  between_requests_ = true;
  arm(shared_.settings.idle_timeout, [this] { close(); });
  socket_.async_read_some(buffer_.prepare(kFirstRead),
                          [self = shared_from_this()](const ErrorCode& error, size_t count) {
                            if (self->closed_) return;
                            self->between_requests_ = false;
                            if (error) return self->close();
                            self->buffer_.commit(count);
                            self->read_header();
                          });
}

void HttpSession::read_header() {
  ++request_;
  arm(shared_.settings.request_timeout, [this] { cut_off(); });
  http::async_read_header(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const ErrorCode& error, size_t) { self->on_header(error); });
}

void HttpSession::on_header(const ErrorCode& error) {
  if (closed_) return;
  if (late_) return refuse_late();
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return refuse(431, "the header is too large",
                  "at most " + std::to_string(shared_.settings.max_header.count()) + " bytes");
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message) return close();
  if (error && error.category() == make_error_code(http::error::end_of_stream).category()) {
    return refuse(400, "not HTTP: " + error.message(), "a request of HTTP/1.1 (RFC 7230)");
  }
  if (error) return close();
  if (is_head_sound()) admit();
}

// What HTTP itself asks of a header. Answers if it is not so.
bool HttpSession::is_head_sound() {
  const auto& message = parser_->get();
  head_ = HttpHead{};
  head_.method = std::string(view(message.method_string()));
  const std::string_view type = view(message[http::field::content_type]);
  head_.content_type = lower(type.substr(0, type.find_first_of("; \t")));
  if (message.version() != 10 && message.version() != 11) {
    refuse(505, "not this version of HTTP", "HTTP/1.1");
    return false;
  }
  const auto hosts = message.count(http::field::host);
  if (message.version() == 11 && hosts != 1) {
    refuse(400, "the header names its host " + std::to_string(hosts) + " times", "one Host field");
    return false;
  }
  if (!read_target(view(message.target()))) {
    refuse(400, "the target does not parse", "a path, and name=value joined by & behind a ?");
    return false;
  }
  const std::string_view expectation = view(message[http::field::expect]);
  if (!expectation.empty() && lower(expectation) != "100-continue") {
    refuse(417, "an unknown expectation", "none, or 100-continue");
    return false;
  }
  return true;
}

bool HttpSession::read_target(std::string_view target) {
  // The form that proxies are asked in counts too (RFC 7230, 5.3.2).
  constexpr std::string_view kScheme = "http://";
  if (target.starts_with(kScheme)) {
    const size_t slash = target.find('/', kScheme.size());
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  if (!target.starts_with('/')) return false;
  const size_t mark = target.find('?');
  head_.path = std::string(target.substr(0, mark));
  if (mark == std::string_view::npos) return true;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    std::string name(pair.substr(0, equals));
    if (head_.parameter(name) != nullptr) return false;
    head_.parameters.emplace_back(std::move(name), std::string(pair.substr(equals + 1)));
  }
  return true;
}

void HttpSession::admit() {
  HttpHandler::Admission admission = shared_.handler->admit(head_);
  route_ = admission.route;
  body_limit_ = admission.body_limit;
  // A body that is not read makes the connection useless.
  if (admission.refusal) return write(std::move(*admission.refusal), !parser_->is_done());
  const auto length = parser_->content_length();
  if (head_.method == "POST" && !length && !parser_->chunked()) {
    return refuse(411, "the body has no length", "Content-Length, or chunks");
  }
  if (length && *length > body_limit_.count()) {
    return refuse(413, "the body is too large",
                  "at most " + std::to_string(body_limit_.count()) + " bytes");
  }
  if (parser_->is_done()) return handle();
  if (!view(parser_->get()[http::field::expect]).empty()) return invite_body();
  read_body();
}

void HttpSession::invite_body() {
  asio::async_write(socket_, asio::buffer(kContinue.data(), kContinue.size()),
                    [self = shared_from_this()](const ErrorCode& error, size_t) {
                      if (self->closed_) return;
                      if (self->late_) return self->refuse_late();
                      if (error) return self->close();
                      self->read_body();
                    });
}

void HttpSession::read_body() {
  http::async_read_some(
      socket_, buffer_, *parser_,
      [self = shared_from_this()](const ErrorCode& error, size_t) { self->on_body(error); });
}

void HttpSession::on_body(const ErrorCode& error) {
  if (closed_) return;
  if (late_) return refuse_late();
  if (error && error != http::error::need_buffer) {
    const bool is_http = error.category() == make_error_code(http::error::end_of_stream).category();
    if (!is_http || error == http::error::partial_message) return close();
    return refuse(400, "the body does not parse: " + error.message(), "what its header announced");
  }
  if (parser_->get().body().size() > body_limit_.count()) {
    return refuse(413, "the body is too large",
                  "at most " + std::to_string(body_limit_.count()) + " bytes");
  }
  if (!hold(parser_->get().body().capacity())) return refuse_crowd();
  if (!parser_->is_done()) return read_body();
  handle();
}

void HttpSession::handle() {
  ++timer_generation_;  // it is not the client who takes its time now
  HttpRequest request;
  request.head = head_;
  request.body = boost::beast::buffers_to_string(parser_->get().body().data());
  parser_->get().body().clear();
  parser_->get().body().shrink_to_fit();
  shared_.handler->handle(std::move(request), [mail = shared_.mail, weak = weak_from_this(),
                                               number = request_](HttpResponse response) {
    const std::lock_guard lock(mail->mutex);
    if (mail->server == nullptr) return;
    asio::post(*mail->server, [weak, number, response = std::move(response)]() mutable {
      const std::shared_ptr<HttpSession> self = weak.lock();
      if (self && !self->closed_) self->respond(number, std::move(response));
    });
  });
}

void HttpSession::respond(uint64_t request, HttpResponse response) {
  GOVCHAIN_ASSERT(request == request_ && !response_);
  if (response.later) response = std::exchange(response.later, nullptr)();
  write(std::move(response), !parser_->keep_alive());
}

bool HttpSession::hold(uint64_t bytes) {
  const uint64_t others = shared_.body_bytes - held_;
  if (bytes > held_ && others + bytes > shared_.settings.max_bodies.count()) return false;
  shared_.body_bytes = others + bytes;
  held_ = bytes;
  return true;
}

// --- An answer

void HttpSession::refuse(unsigned status, std::string_view error, std::string_view expected) {
  write(error_response(status, error, expected), true);
}

void HttpSession::refuse_late() {
  late_ = false;
  refuse(408, "the request took too long",
         "a whole request within " +
             std::to_string(shared_.settings.request_timeout.nanoseconds() / 1'000'000) + " ms");
}

void HttpSession::refuse_crowd() {
  HttpResponse response =
      error_response(503, "too much is being received and sent", "a later time");
  response.retry_after = 1;
  write(std::move(response), true);
}

void HttpSession::write(HttpResponse response, bool last) {
  // The request's body has gone.
  parser_->get().body().clear();
  parser_->get().body().shrink_to_fit();
  shared_.body_bytes -= std::exchange(held_, 0);
  if (response.body.size() > kFreeAnswer && !hold(response.body.size())) return refuse_crowd();
  shared_.handler->on_response(route_, response.status);
  last = last || finishing_ || !parser_->keep_alive();
  auto& message = response_.emplace();
  message.version(parser_->get().version() == 10 ? 10 : 11);
  message.result(response.status);
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::cache_control, "no-store");
  if (response.retry_after) {
    message.set(http::field::retry_after, std::to_string(*response.retry_after));
  }
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  message.keep_alive(!last);
  message.body() = std::move(response.body);
  message.prepare_payload();
  arm(shared_.settings.write_timeout, [this] { close(); });
  http::async_write(socket_, message,
                    [self = shared_from_this(), last](const ErrorCode& error, size_t) {
                      if (self->closed_) return;
                      self->response_.reset();
                      self->shared_.body_bytes -= std::exchange(self->held_, 0);
                      if (error) return self->close();
                      if (last) return self->linger();
                      self->await_request();
                    });
}

void HttpSession::linger() {
  ErrorCode ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  buffer_.clear();
  arm(shared_.settings.linger_timeout, [this] { close(); });
  discard();
}

void HttpSession::discard() {
  socket_.async_read_some(buffer_.prepare(kFirstRead),
                          [self = shared_from_this()](const ErrorCode& error, size_t) {
                            if (self->closed_) return;
                            if (error) return self->close();
                            self->discard();
                          });
}

}  // namespace govchain::consensus::node
