// Boost.Beast's parser as a second opinion: whatever ours accepts, Beast must accept too and read
// the same (a proxy's parser that is laxer than others is a smuggling hole). The other way round
// does not hold: Beast 1.81 lets much pass that the security rules refuse.
//
// Three things that ours accepts and Beast does not, or reads otherwise, are known and stepped
// around by the callers:
// - a status line without the space before its empty reason;
// - trailer fields named Content-Length, Transfer-Encoding, Connection or Proxy-Connection: Beast
// obeys them as if they
//   stood in the head, ours drops every trailer;
// - keep-alive together with close on HTTP/1.0, where Beast keeps the connection and ours closes
// it. Not compared.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/require.h"
#include "http/head.h"

namespace isrd::fuzz {

/// Collects what Beast reads. One header for requests and responses: the half that does not apply
/// is never called.
template <bool is_request>
class BeastReference : public boost::beast::http::basic_parser<is_request> {
  using error_code = boost::beast::error_code;
  using beast_view = boost::beast::string_view;

 public:
  /// Reads a message from its first byte. Returns how many bytes Beast took.
  std::size_t read(std::string_view bytes, bool with_body) {
    this->header_limit(std::uint32_t(-1));
    this->body_limit(boost::none);
    this->eager(with_body);
    std::size_t taken = 0;
    while (!error && taken < bytes.size() &&
           !(with_body ? this->is_done() : this->is_header_done())) {
      taken += this->put(boost::asio::buffer(bytes.substr(taken)), error);
    }
    return taken;
  }

  std::string method;
  std::string target;
  std::string reason;
  std::string body;
  int version = 0;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  error_code error;

 private:
  void on_request_impl(boost::beast::http::verb, beast_view name, beast_view path, int number,
                       error_code&) override {
    method = std::string(name);
    target = std::string(path);
    version = number;
  }
  void on_response_impl(int code, beast_view text, int number, error_code&) override {
    status = code;
    reason = std::string(text);
    version = number;
  }
  void on_field_impl(boost::beast::http::field, beast_view name, beast_view value,
                     error_code&) override {
    fields.emplace_back(name, value);
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast_view bytes, error_code&) override {
    body += bytes;
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast_view bytes, error_code&) override {
    body += bytes;
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
};

template <bool is_request>
void require_same_fields(const BeastReference<is_request>& beast,
                         std::span<const http::Field> fields) {
  require(beast.fields.size() == fields.size(), "Beast counts other fields");
  for (std::size_t i = 0; i < fields.size(); ++i) {
    require(beast.fields[i].first == fields[i].name, "Beast reads another field name");
    require(beast.fields[i].second == fields[i].value, "Beast reads another field value");
  }
}

}  // namespace isrd::fuzz
