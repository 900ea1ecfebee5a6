#include "analysis/live/http_get.h"

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace govchain::analysis::live {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using consensus::Duration;
using consensus::Error;
using consensus::ErrorCode;
using consensus::Result;

// One exchange; every step begins the next, and the stream's own deadline ends a slow one.
class Exchange {
 public:
  Exchange(uint16_t port, const std::string& target, Duration patience)
      : port_(port), stream_(context_), request_(http::verb::get, target, 11) {
    constexpr uint64_t kLargest = 256U << 20U;
    request_.set(http::field::host, "127.0.0.1");
    request_.set(http::field::connection, "close");
    parser_.body_limit(kLargest);
    stream_.expires_after(std::chrono::nanoseconds(patience.nanoseconds()));
  }

  [[nodiscard]] Result<HttpReply> run() {
    stream_.async_connect({asio::ip::address_v4::loopback(), port_},
                          [this](const beast::error_code& error) {
                            if (!failed(error)) write();
                          });
    context_.run();
    if (error_) {
      return Error{ErrorCode::kIo,
                   "asking " + std::string(request_.target()) + ": " + error_.message(),
                   "127.0.0.1:" + std::to_string(port_)};
    }
    return HttpReply{parser_.get().result_int(), std::move(parser_.get().body())};
  }

 private:
  [[nodiscard]] bool failed(const beast::error_code& error) {
    error_ = error;
    return static_cast<bool>(error);
  }
  void write() {
    http::async_write(stream_, request_, [this](const beast::error_code& error, size_t) {
      if (!failed(error)) read();
    });
  }
  void read() {
    http::async_read(stream_, buffer_, parser_,
                     [this](const beast::error_code& error, size_t) { (void)failed(error); });
  }

  uint16_t port_;
  asio::io_context context_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::error_code error_;
};

}  // namespace

Result<HttpReply> http_get(uint16_t port, const std::string& target, Duration patience) {
  return Exchange(port, target, patience).run();
}

}  // namespace govchain::analysis::live
