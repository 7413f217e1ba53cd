#include <gtest/gtest.h>

#include "http/decode.h"
#include "http/reader.h"
#include "http/router.h"
#include "http/wire.h"

namespace anlan::http {
namespace {

TEST(Decode, PercentEscapes) {
  EXPECT_EQ(percent_decode("INC-1"), "INC-1");
  EXPECT_EQ(percent_decode("%E9%87%8D%e5%a4%a7"), "重大");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode("%2F"), "/");
  for (const char* bad : {"%", "%1", "%zz", "%%30", "a%2", "%00", "%FF", "%C0%80", "%ED%A0%80", "\xff"})
    EXPECT_EQ(percent_decode(bad), std::nullopt) << bad;
  EXPECT_EQ(percent_encode_path("/a b/重\"?"), "/a%20b/%E9%87%8D%22%3F");
}

TEST(Decode, Targets) {
  const auto plain = split_target("/a/b?x=1?y");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->path, "/a/b");
  EXPECT_EQ(plain->query, "x=1?y");
  EXPECT_EQ(split_target("http://h:8080/a?q")->path, "/a");
  EXPECT_EQ(split_target("HTTP://h")->path, "/");
  EXPECT_EQ(split_target("http://h?q=1")->query, "q=1");
  for (const char* bad : {"", "*", "a", "h:80", "ftp://h/a", "http:///a", "/a#b"})
    EXPECT_FALSE(split_target(bad)) << bad;
}

TEST(Decode, QueriesAndCookies) {
  std::multimap<std::string, std::string, std::less<>> query;
  ASSERT_TRUE(decode_query("state=open&state=closed&q=%E9%87%8D+x&flag&&empty=", query));
  EXPECT_EQ(query.count("state"), 2u);
  EXPECT_EQ(query.find("q")->second, "重 x");
  EXPECT_EQ(query.find("flag")->second, "");
  EXPECT_EQ(query.size(), 5u);
  EXPECT_FALSE(decode_query("a=%", query));
  EXPECT_FALSE(decode_query("%00=1", query));

  std::map<std::string, std::string, std::less<>> cookies;
  decode_cookies("a=1; b=\"two\"; a=3; junk; =x; c=", cookies);
  EXPECT_EQ(cookies, (std::map<std::string, std::string, std::less<>>{{"a", "1"}, {"b", "two"}, {"c", ""}}));
}

std::vector<Route> routes(std::initializer_list<std::pair<const char*, const char*>> list) {
  std::vector<Route> out;
  for (const auto& [method, pattern] : list) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.handle = [](std::shared_ptr<const Request>, Respond) {};
    out.push_back(std::move(route));
  }
  return out;
}

TEST(Router, FindsTheMostLiteralRoute) {
  const auto table = routes({{"GET", "/"},
                             {"GET", "/t/{number}"},
                             {"POST", "/t/{number}"},
                             {"GET", "/t/all"},
                             {"POST", "/t/{id}/actions/{action}"},
                             {"GET", "/t/all/actions"},
                             {"GET", "/{rest*}"},
                             {"GET", "/files/{name}/{rest*}"}});
  const auto router = Router::build(table);
  ASSERT_TRUE(router) << router.error().message;
  const auto find = [&](std::string_view method, std::string_view path, Request& request) {
    return router->find(method, path, request);
  };
  {
    Request r;
    EXPECT_EQ(find("GET", "/", r).route, 0u);
  }
  {
    Request r;
    EXPECT_EQ(find("GET", "/t/a%2Fb", r).route, 1u);
    EXPECT_EQ(r.parameters["number"], "a/b");
    EXPECT_EQ(r.path, "/t/a/b");
  }
  {
    Request r;
    EXPECT_EQ(find("GET", "/t/all", r).route, 3u);
    EXPECT_TRUE(r.parameters.empty());
  }
  {
    Request r;  // the literal "all" leads nowhere here, the parameter does
    EXPECT_EQ(find("POST", "/t/all/actions/close", r).route, 4u);
    EXPECT_EQ(r.parameters["id"], "all");
    EXPECT_EQ(r.parameters["action"], "close");
  }
  {
    Request r;  // POST /t/all is not given, POST /t/{number} is
    EXPECT_EQ(find("POST", "/t/all", r).route, 2u);
  }
  {
    Request r;
    const auto found = find("DELETE", "/t/x", r);
    EXPECT_EQ(found.status, 405);
    EXPECT_EQ(found.allow, "GET, HEAD, POST");
  }
  {
    Request r;  // known with another method: not the page behind it
    EXPECT_EQ(find("GET", "/t/x/actions/close", r).status, 405);
  }
  {
    Request r;
    EXPECT_EQ(find("HEAD", "/t/x", r).route, 1u);
  }
  {
    Request r;
    EXPECT_EQ(find("GET", "/assets/a/b.js", r).route, 6u);
    EXPECT_EQ(r.parameters["rest"], "assets/a/b.js");
  }
  {
    Request r;
    EXPECT_EQ(find("GET", "/files/n/x/y", r).route, 7u);
    EXPECT_EQ(r.parameters["name"], "n");
    EXPECT_EQ(r.parameters["rest"], "x/y");
  }
  {
    Request r;  // an empty parameter is none
    EXPECT_EQ(find("GET", "/t/", r).route, 6u);
  }
  {
    Request r;
    EXPECT_EQ(find("GET", "/t/%zz", r).status, 400);
    EXPECT_EQ(find("GET", "/t/%00", r).status, 400);
    EXPECT_EQ(find("GET", "/t/%FF", r).status, 400);
    EXPECT_EQ(find("POST", "/elsewhere", r).status, 405);
  }
  const auto bare = routes({{"POST", "/a"}});
  Request r;
  EXPECT_EQ(Router::build(bare)->find("GET", "/b", r).status, 404);
}

TEST(Router, RefusesBadTables) {
  for (const char* bad : {"", "a", "/{", "/{}", "/{a}{b}", "/a{b}", "/{a*}/b", "/{a}/{a}", "/%41"})
    EXPECT_FALSE(Router::build(routes({{"GET", bad}}))) << bad;
  EXPECT_FALSE(Router::build(routes({{"GET", "/a/{x}"}, {"GET", "/a/{y}"}})));
  EXPECT_FALSE(Router::build(routes({{"G T", "/a"}})));
  EXPECT_TRUE(Router::build(routes({{"GET", "/a/{x}"}, {"PUT", "/a/{y}"}, {"GET", "/a/{r*}"}})));
}

// Feeds in pieces of `step` bytes; answers the state and, through `left`, what was not consumed.
RequestReader::State read(RequestReader& reader, std::string_view bytes, std::size_t step, std::size_t limit,
                          std::string* left = nullptr) {
  std::string buffer;
  for (std::size_t at = 0;;) {
    for (;;) {
      if (reader.state() == RequestReader::State::head_done) reader.accept_body(limit);
      const std::size_t n = buffer.empty() ? 0 : reader.feed(buffer);
      buffer.erase(0, n);
      if (reader.state() == RequestReader::State::head_done) continue;
      if (n == 0) break;
      if (reader.state() == RequestReader::State::done || reader.state() == RequestReader::State::failed) break;
    }
    if (reader.state() == RequestReader::State::done || reader.state() == RequestReader::State::failed ||
        at >= bytes.size()) {
      if (left) *left = buffer + std::string(bytes.substr(std::min(at, bytes.size())));
      return reader.state();
    }
    buffer += bytes.substr(at, step);
    at += step;
  }
}

TEST(Reader, AnyFragmentationGivesTheSameRequest) {
  const std::string bytes =
      "\r\nPOST /a?b=c HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nCookie: s=1\r\nCookie: t=2\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=\"y\"\r\nd\r\n0\r\nX-Trailer: t\r\n\r\nGET ";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    RequestReader reader(16384);
    std::string left;
    ASSERT_EQ(read(reader, bytes, step, 100, &left), RequestReader::State::done) << step << reader.fault();
    EXPECT_EQ(left, "GET ") << step;
    const auto request = reader.request();
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(reader.target(), "/a?b=c");
    EXPECT_EQ(request->body, "abcd");
    EXPECT_EQ(request->header("x-a"), "1, 2");
    EXPECT_EQ(request->header("x-trailer"), "");
    EXPECT_EQ(request->cookie("s"), "1");
    EXPECT_EQ(request->cookie("t"), "2");
    EXPECT_TRUE(reader.keep_alive());
  }
}

TEST(Reader, RefusesWhatIsMalformedOrAmbiguous) {
  const std::string host = "Host: h\r\n";
  const std::pair<std::string, int> corpus[] = {
      {"GET\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET  / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1 \r\n" + host + "\r\n", 505},
      {"GET / HTTP/2.0\r\n" + host + "\r\n", 505},
      {"GET / HTTP/0.9\r\n" + host + "\r\n", 505},
      {"GET / HTTP/1.1\n" + host + "\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\n\n", 400},
      {"GET /\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET /\x01 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Bad Name: x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Bad : x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "NoColon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + ": x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "X: \xff\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 0x1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1, 1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, identity\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding:\x0b" "chunked\r\n\r\n", 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nabc\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1 x\r\na\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n65\r\nabc\r\n", 413},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 101\r\n\r\n", 413},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(2000, 'a') + "\r\n\r\n", 431},
      {"GET / HTTP/1.1\r\n" + host + [] {
         std::string many;
         for (int i = 0; i < 200; ++i) many += "X: " + std::to_string(i) + "\r\n";
         return many;
       }() + "\r\n", 431},
      {"GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 431},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'a'), 431},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(2000, 'a'), 431},
  };
  for (const auto& [bytes, status] : corpus) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
      RequestReader reader(1024);
      EXPECT_EQ(read(reader, bytes, step, 100), RequestReader::State::failed) << bytes << " in steps of " << step;
      EXPECT_EQ(reader.fault_status(), status) << bytes << " in steps of " << step << ": " << reader.fault();
      EXPECT_FALSE(reader.keep_alive());
    }
  }
}

TEST(Reader, KeepAliveAndExpectations) {
  const auto keeps = [](std::string_view bytes) {
    RequestReader reader(1024);
    EXPECT_EQ(read(reader, bytes, bytes.size(), 100), RequestReader::State::done) << bytes;
    return reader.keep_alive();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));

  RequestReader reader(1024);
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n";
  EXPECT_EQ(reader.feed(head), head.size());
  EXPECT_EQ(reader.state(), RequestReader::State::head_done);
  EXPECT_TRUE(reader.expects_continue());
  EXPECT_TRUE(reader.body_follows());
}

TEST(Wire, HeadsAndEvents) {
  EXPECT_EQ(http_date(Instant{0}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(Instant{1772413200999}), "Mon, 02 Mar 2026 01:00:00 GMT");
  EXPECT_TRUE(acceptable_request_id("abcDEF_-12"));
  EXPECT_FALSE(acceptable_request_id("short"));
  EXPECT_FALSE(acceptable_request_id("has space here"));
  EXPECT_FALSE(acceptable_request_id(std::string(65, 'a')));

  std::string out;
  append_event(out, "7\n", "tickets", "a\nb\r\nc\rd");
  EXPECT_EQ(out, "id: 7\nevent: tickets\ndata: a\ndata: b\ndata: c\ndata: d\n\n");

  Response response;
  response.body = "{}";
  response.headers = {{"X-Ok", "1"},      {"X-Bad", "a\r\nInjected: 1"}, {"Content-Length", "99"},
                      {"Bad Name", "x"}, {"referrer-policy", "no-referrer"}};
  HeadContext context;
  context.request_id = "id";
  context.date = "now";
  context.server = "s";
  const std::string head = response_head(response, context);
  EXPECT_NE(head.find("X-Ok: 1\r\n"), std::string::npos);
  EXPECT_NE(head.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_NE(head.find("Cache-Control: no-store\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Injected"), std::string::npos);
  EXPECT_EQ(head.find("99"), std::string::npos);
  EXPECT_EQ(head.find("same-origin\r\nCross-Origin-Opener"), std::string::npos);
  response.headers = {{"Cache-Control", "private"}};
  EXPECT_EQ(response_head(response, context).find("no-store"), std::string::npos);
}

}  // namespace
}  // namespace anlan::http
