#include "http/reader.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <algorithm>

#include "base/text.h"
#include "http/decode.h"

namespace anlan::http {
namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using beast_view = boost::beast::string_view;

// Beast calls back with each part; nothing is kept in Beast's own field list.
class RequestReader::Parser final : public beast_http::basic_parser<true> {
 public:
  explicit Parser(std::size_t header_limit) : header_limit_(header_limit) {
    this->header_limit(static_cast<std::uint32_t>(header_limit));
    this->body_limit(boost::none);  // the limit is the route's, which is unknown before the head is read
    this->eager(false);             // stop at the end of the head
  }

  std::size_t feed(std::string_view bytes) {
    if (state_ == State::head) return feed_head(bytes);
    std::size_t used = 0;
    while (state_ == State::body && !bytes.empty()) {
      // No chunked body ends in fewer bytes than "0\r\n\r\n", and Beast asserts that many for the last chunk.
      if (chunked() && bytes.size() < 5) break;
      error_code ec;
      const std::size_t n = put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
      used += n;
      bytes.remove_prefix(n);
      if (ec && ec != beast_http::error::need_more) {
        refuse(ec);
      } else if (is_done()) {
        state_ = State::done;
      } else if (ec) {
        // Waiting for the rest of a chunk's line or of the trailers. They may not grow without end.
        if (bytes.size() >= header_limit_) fail(431, "The lines around the body are too long.");
        break;
      }
    }
    return used;
  }

  void accept_body(std::size_t limit) {
    if (is_done()) {
      state_ = State::done;
      return;
    }
    const auto length = content_length();
    if (length && *length > limit) {
      fail(413, "The body is larger than this address takes.");
      return;
    }
    body_limit(limit);
    if (length) request_->body.reserve(std::min<std::size_t>(*length, 64 * 1024));
    eager(true);
    state_ = State::body;
  }

  State state_ = State::head;
  int fault_status_ = 0;
  std::string fault_;
  std::string target_;
  bool http_1_0_ = false, expects_continue_ = false, expects_other_ = false;
  std::shared_ptr<Request> request_ = std::make_shared<Request>();

 protected:
  void on_request_impl(beast_http::verb, beast_view method, beast_view target, int version, error_code&) override {
    request_->method.assign(method.data(), method.size());
    target_.assign(target.data(), target.size());
    http_1_0_ = version == 10;
  }
  void on_response_impl(int, beast_view, int, error_code&) override {}

  void on_field_impl(beast_http::field field, beast_view name, beast_view value, error_code& ec) override {
    if (state_ != State::head) return;  // a trailer
    const std::string_view text(value.data(), value.size());
    std::string key = lower(std::string_view(name.data(), name.size()));
    if (!valid_utf8(text) || !is_field_value(text)) {
      fail(400, "The header " + key + " holds bytes that are not UTF-8 text.");
      ec = beast_http::error::bad_value;
      return;
    }
    const auto refuse_field = [&](int status, std::string why) {
      fail(status, std::move(why));
      ec = beast_http::error::bad_field;
    };
    switch (field) {
      case beast_http::field::content_length:
        if (text.find(',') != std::string_view::npos || request_->headers.contains(key))
          return refuse_field(400, "Content-Length is given more than once.");
        break;
      case beast_http::field::host:
        if (request_->headers.contains(key)) return refuse_field(400, "Host is given more than once.");
        break;
      case beast_http::field::transfer_encoding:
        // Beast ignores codings other than chunked; a proxy in front may not, and the two would disagree about where
        // the body ends.
        if (http_1_0_) return refuse_field(400, "HTTP/1.0 knows no Transfer-Encoding.");
        if (request_->headers.contains(key)) return refuse_field(400, "Transfer-Encoding is given more than once.");
        if (!iequals(trim(text), "chunked"))
          return refuse_field(501, "Only the transfer coding chunked is understood.");
        break;
      case beast_http::field::expect:
        if (iequals(trim(text), "100-continue")) expects_continue_ = !http_1_0_;
        else expects_other_ = true;
        break;
      default: break;
    }
    auto [it, fresh] = request_->headers.try_emplace(std::move(key), text);
    if (!fresh) it->second.append(field == beast_http::field::cookie ? "; " : ", ").append(text);
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast_view body, error_code&) override {
    request_->body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast_view body, error_code&) override {
    request_->body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

 private:
  void fail(int status, std::string why) {
    state_ = State::failed;
    fault_status_ = status;
    fault_ = std::move(why);
  }

  // Beast is shown the head only when it is whole. Given field by field it would apply its limit to each alone, and
  // wait for more where a line ends in a bare LF.
  std::size_t feed_head(std::string_view bytes) {
    std::size_t used = 0;
    if (!begun_) {
      // RFC 9112 2.2: an empty line before the request line is skipped. Just one, so that it costs nobody anything.
      if (!skipped_line_ && bytes.starts_with("\r\n")) {
        skipped_line_ = true;
        bytes.remove_prefix(2);
        used = 2;
      }
      if (bytes.empty() || (!skipped_line_ && bytes == "\r")) return used;
      begun_ = true;
      // TLS, or a stray end of the last body: no need to wait for a header's end that never comes.
      if (!is_token(bytes.substr(0, 1))) {
        fail(400, "The request line does not begin with a method.");
        return used;
      }
    }
    const std::size_t end = bytes.find("\r\n\r\n", seen_ < 3 ? 0 : seen_ - 3);
    const std::string_view lines = bytes.substr(0, end);
    for (std::size_t at = lines.find('\n', seen_); at != std::string_view::npos; at = lines.find('\n', at + 1)) {
      if (lines[at - 1] == '\r') continue;
      fail(400, "A line of the header ends without a carriage return.");
      return used;
    }
    if (end == std::string_view::npos ? bytes.size() >= header_limit_ : end + 4 > header_limit_) {
      fail(431, "The header is too large.");
      return used;
    }
    if (end == std::string_view::npos) {
      seen_ = bytes.size();
      return used;
    }
    error_code ec;
    used += put(boost::asio::const_buffer(bytes.data(), end + 4), ec);
    if (ec) refuse(ec);
    else finish_head();
    return used;
  }

  void refuse(const error_code& ec) {
    using enum beast_http::error;
    if (state_ == State::failed) return;  // on_field_impl said why
    if (ec == header_limit) fail(431, "The header is too large.");
    else if (ec == body_limit) fail(413, "The body is larger than this address takes.");
    else if (ec == bad_version) fail(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
    else fail(400, "The request is malformed: " + ec.message() + ".");
  }

  void finish_head() {
    const auto& headers = request_->headers;
    if (!http_1_0_ && !headers.contains("host")) return fail(400, "The header Host is missing.");
    if (auto it = headers.find("cookie"); it != headers.end()) decode_cookies(it->second, request_->cookies);
    state_ = State::head_done;
  }

  std::size_t header_limit_;
  std::size_t seen_ = 0;  // of the head, without finding its end
  bool begun_ = false, skipped_line_ = false;
};

RequestReader::RequestReader(std::size_t header_limit) : parser_(std::make_unique<Parser>(header_limit)) {}
RequestReader::~RequestReader() = default;
std::size_t RequestReader::feed(std::string_view bytes) { return parser_->feed(bytes); }
RequestReader::State RequestReader::state() const { return parser_->state_; }
bool RequestReader::body_follows() const { return !parser_->is_done(); }
bool RequestReader::expects_continue() const { return parser_->expects_continue_; }
bool RequestReader::expects_other() const { return parser_->expects_other_; }
void RequestReader::accept_body(std::size_t limit) { parser_->accept_body(limit); }
int RequestReader::fault_status() const { return parser_->fault_status_; }
const std::string& RequestReader::fault() const { return parser_->fault_; }
const std::string& RequestReader::target() const { return parser_->target_; }
bool RequestReader::keep_alive() const {
  return parser_->state_ != State::failed && parser_->is_header_done() && parser_->keep_alive();
}
bool RequestReader::http_1_0() const { return parser_->http_1_0_; }
std::shared_ptr<Request> RequestReader::request() const { return parser_->request_; }

}  // namespace anlan::http
