#include "cli/client.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>

#include "config/addresses.h"

namespace isrd::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Protocol = asio::generic::stream_protocol;

constexpr std::chrono::seconds step_max{10};
constexpr std::uint64_t reply_bytes_max = 64ull * 1024 * 1024;

/// Where to connect: an address that means every one of the machine is reached by loopback.
Result<Protocol::endpoint> endpoint_of(const net::Address& address) {
  if (address.kind == net::Address::Kind::unix_socket)
    return Protocol::endpoint(asio::local::stream_protocol::endpoint(address.path));
  beast::error_code error;
  auto host =
      asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
  if (error) return Error{config::print_address(address) + " has no IP address before the port"};
  if (host.is_unspecified()) {
    host = host.is_v4() ? asio::ip::address(asio::ip::address_v4::loopback())
                        : asio::ip::address(asio::ip::address_v6::loopback());
  }
  return Protocol::endpoint(asio::ip::tcp::endpoint(host, address.port));
}

}  // namespace

struct Client::Impl {
  asio::io_context io{1};
  beast::basic_stream<Protocol> stream{io};
  beast::flat_buffer buffer;
  net::Address address;

  /// Runs one step, which `begin` starts with the handler that it is given, to its end or deadline.
  template <class Begin>
  beast::error_code step(Begin begin) {
    beast::error_code result;
    stream.expires_after(step_max);
    begin([&result](beast::error_code error, auto...) { result = error; });
    io.restart();
    io.run();
    return result;
  }

  Error failed(const beast::error_code& error) const {
    const std::string where = config::print_address(address);
    if (error == asio::error::connection_refused || error == asio::error::not_found ||
        error == boost::system::errc::no_such_file_or_directory) {
      return Error{"isrd does not answer at " + where + ": is it running? (--admin says where)"};
    }
    if (error == beast::error::timeout)
      return Error{"isrd does not answer at " + where + " within 10 s"};
    if (error == http::error::end_of_stream || error == asio::error::connection_reset)
      return Error{"the connection to " + where + " ended without an answer"};
    return Error{"the admin port at " + where + " cannot be asked: " + error.message()};
  }
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(const net::Address& address) {
  const auto endpoint = endpoint_of(address);
  if (!endpoint) return endpoint.error();
  auto impl = std::make_unique<Impl>();
  impl->address = address;
  const auto error =
      impl->step([&](auto handler) { impl->stream.async_connect(*endpoint, std::move(handler)); });
  if (error) return impl->failed(error);
  return Client(std::move(impl));
}

Result<Reply> Client::send(const Call& call, const std::string& token) {
  Impl& impl = *impl_;
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(call.method);
  request.target(call.target);
  const bool tcp = impl.address.kind == net::Address::Kind::tcp;
  request.set(http::field::host, tcp ? config::print_address(impl.address) : "localhost");
  request.set(http::field::user_agent, "isrd/" ISRD_VERSION);
  request.set(http::field::authorization, "Bearer " + token);
  if (!call.body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = call.body;
  request.keep_alive(false);
  request.prepare_payload();
  auto error =
      impl.step([&](auto handler) { http::async_write(impl.stream, request, std::move(handler)); });
  // A server that refuses early may have closed already; its answer is there to be read.
  http::response_parser<http::string_body> parser;
  parser.body_limit(reply_bytes_max);
  const auto read_error = impl.step([&](auto handler) {
    http::async_read(impl.stream, impl.buffer, parser, std::move(handler));
  });
  if (read_error) return impl.failed(error ? error : read_error);
  return Reply{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace isrd::cli
