// The server over real sockets.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "http/raw_client_test.h"

namespace anlan::http {
namespace {

using Handler = std::shared_ptr<const Request>;

class Http : public testing::Test {
 protected:
  void serve(std::vector<Route> routes, Options options = test_options()) {
    auto server = Server::listen(options, std::move(routes), system_clock());
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  std::uint16_t port() const { return server_->port(); }

  static Route echo(std::string method = "POST", std::string pattern = "/echo") {
    return handled(std::move(method), std::move(pattern),
                   [](Handler request, Respond respond) { respond(text(request->body)); });
  }
  static Route hello(Route::Run run = Route::Run::inline_) {
    return handled("GET", "/hello/{name}",
                   [](Handler request, Respond respond) {
                     respond(text("hello " + request->parameters.find("name")->second));
                   },
                   run);
  }

  std::unique_ptr<Server> server_;
};

TEST_F(Http, AnswersWithTheStandingHeaders) {
  serve({hello(),
         handled("GET", "/json", [](Handler, Respond respond) { respond(json_response(Value(Map{{"a", 1}}))); })});
  RawClient client(port());
  client.send("GET /hello/%E9%87%8D HTTP/1.1\r\nHost: t\r\nX-Request-Id: abc-123_XYZ\r\n\r\n");
  const Answer first = client.answer();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "hello 重");
  EXPECT_EQ(first.headers.at("x-request-id"), "abc-123_XYZ");
  EXPECT_EQ(first.headers.at("server"), "anlan");
  EXPECT_EQ(first.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(first.headers.at("content-security-policy"),
            "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; object-src 'none'");
  EXPECT_EQ(first.headers.at("referrer-policy"), "same-origin");
  EXPECT_EQ(first.headers.at("cross-origin-opener-policy"), "same-origin");
  EXPECT_TRUE(first.headers.contains("date"));
  EXPECT_FALSE(first.headers.contains("cache-control"));
  client.send("GET /json HTTP/1.1\r\nHost: t\r\nX-Request-Id: bad id!\r\n\r\n");
  const Answer second = client.answer();
  EXPECT_EQ(second.body, "{\"a\":1}");
  EXPECT_EQ(second.headers.at("cache-control"), "no-store");
  EXPECT_EQ(second.headers.at("x-request-id").size(), 32u);
}

TEST_F(Http, KeepsConnectionsAliveAndAnswersPipelinesInOrder) {
  serve({hello(), handled("GET", "/slow", [](Handler, Respond respond) {
           std::this_thread::sleep_for(std::chrono::milliseconds(30));  // real time: a slow handler
           respond(text("slow"));
         })});
  RawClient client(port());
  for (int i = 0; i < 3; ++i) {
    client.get("/hello/a");
    EXPECT_EQ(client.answer().body, "hello a");
  }
  std::string pipeline;
  for (const char* path : {"/slow", "/hello/1", "/nothing", "/slow", "/hello/2"})
    pipeline += std::string("GET ") + path + " HTTP/1.1\r\nHost: t\r\n\r\n";
  client.send(pipeline + "GET /hello/3 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.answer().body, "slow");
  EXPECT_EQ(client.answer().body, "hello 1");
  EXPECT_EQ(client.answer().status, 404);
  EXPECT_EQ(client.answer().body, "slow");
  EXPECT_EQ(client.answer().body, "hello 2");
  const Answer last = client.answer();
  EXPECT_EQ(last.body, "hello 3");
  EXPECT_EQ(last.headers.at("connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST_F(Http, ReadsBodies) {
  serve({echo()});
  RawClient client(port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(client.answer().body, "hello");
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  client.send("lo\r\n6\r\n world\r\n0\r\n\r\nPOST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(client.answer().body, "hello world");
  EXPECT_EQ(client.answer().body, "ok");
  const std::string large(1 << 20, 'x');
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(large.size()) + "\r\n\r\n" + large);
  EXPECT_EQ(client.answer().body, large);
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.answer().headers.at("content-length"), "0");
}

TEST_F(Http, RefusesLargeBodiesWithoutReadingThem) {
  Route small = echo();
  small.body_limit = 100;
  serve({std::move(small)});
  {
    RawClient client(port());
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n");
    const Answer answer = client.answer();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_TRUE(client.closed());
  }
  {
    RawClient client(port());  // a client that sends on regardless still gets the answer, not a reset
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n" + std::string(1000000, 'x'));
    EXPECT_EQ(client.answer().status, 413);
  }
  {
    RawClient client(port());
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + std::string(64, 'x') +
                "\r\n40\r\n");
    EXPECT_EQ(client.answer().status, 413);
  }
  {
    RawClient client(port());
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.answer().status, 413);
  }
}

TEST_F(Http, HandlesExpectations) {
  serve({echo()});
  RawClient client(port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer().status, 100);
  client.send("ok");
  EXPECT_EQ(client.answer().body, "ok");
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: miracles\r\n\r\n");
  EXPECT_EQ(client.answer().status, 417);
}

TEST_F(Http, RefusesLargeHeadersAndMalformedRequests) {
  serve({hello(), echo()});
  const std::pair<std::string, int> corpus[] = {
      {"GET /hello/a HTTP/1.1\r\nHost: t\r\nX: " + std::string(20000, 'a') + "\r\n\r\n", 431},
      {"GET /" + std::string(20000, 'a'), 431},
      {"nonsense\r\n\r\n", 400},
      {"GET /hello/%zz HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", 400},
      {"GET /hello/%00 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", 400},
      {"GET /hello/%FF HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", 400},
      {"GET /hello/a?q=%f HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", 400},
      {"GET hello HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", 400},
      {"GET /hello/a HTTP/1.1\r\n\r\n", 400},
      {"GET /hello/a HTTP/3.0\r\nHost: t\r\n\r\n", 505},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
      {"POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
  };
  for (const auto& [bytes, status] : corpus) {
    RawClient client(port());
    client.send(bytes);
    EXPECT_EQ(client.answer().status, status) << bytes.substr(0, 80);
    EXPECT_TRUE(client.closed()) << bytes.substr(0, 80);
  }
}

TEST_F(Http, HeadAndMethods) {
  serve({hello(), echo("POST", "/hello/{name}")});
  RawClient client(port());
  client.send("HEAD /hello/a HTTP/1.1\r\nHost: t\r\n\r\n");
  const Answer head = client.answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "7");
  client.send("DELETE /hello/a HTTP/1.1\r\nHost: t\r\n\r\n");
  const Answer refused = client.answer();
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.at("allow"), "GET, HEAD, POST");
  client.get("/hello/b");
  EXPECT_EQ(client.answer().body, "hello b");
}

TEST_F(Http, SpeaksHttp10) {
  serve({hello()});
  RawClient keeping(port());
  for (int i = 0; i < 2; ++i) {
    keeping.send("GET /hello/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(keeping.answer().headers.at("connection"), "keep-alive");
  }
  RawClient client(port());
  client.send("GET /hello/a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.answer().body, "hello a");
  EXPECT_TRUE(client.closed());
}

TEST_F(Http, SlowClientsAreTimedOut) {
  Options options = test_options();
  options.header_timeout = options.body_timeout = options.idle_timeout = milliseconds(60);
  serve({hello(), echo()}, options);
  {
    RawClient silent(port());
    EXPECT_TRUE(silent.closed(2000));
    EXPECT_EQ(silent.input(), "");
  }
  {
    RawClient drips(port());  // each byte comes in time, the header as a whole does not
    drips.send("GET /hello/a HTTP/1.1\r\n");
    bool answered = false;
    for (int i = 0; i < 15 && !answered; ++i) {
      drips.send("X: y\r\n");
      answered = drips.receive(20);
    }
    EXPECT_EQ(drips.answer().status, 408);
  }
  {
    RawClient body(port());
    body.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
    EXPECT_EQ(body.answer().status, 408);
  }
  {
    RawClient idle(port());
    idle.get("/hello/a");
    EXPECT_EQ(idle.answer().status, 200);
    EXPECT_TRUE(idle.closed(2000));
    EXPECT_EQ(idle.input(), "");
  }
}

TEST_F(Http, AnUnreadAnswerIsGivenUp) {
  Options options = test_options();
  options.write_timeout = milliseconds(400);
  serve({handled("GET", "/large", [](Handler, Respond respond) { respond(text(std::string(8 << 20, 'x'))); })},
        options);
  RawClient client(port(), 4096);
  client.get("/large");
  EXPECT_TRUE(eventually([&] { return server_->metrics().find("anlan_http_connections 1\n") != std::string::npos; }));
  EXPECT_TRUE(eventually([&] { return server_->metrics().find("anlan_http_connections 0\n") != std::string::npos; }));
  RawClient reading(port());
  reading.get("/large");
  EXPECT_EQ(reading.answer().body.size(), std::size_t{8} << 20);
}

TEST_F(Http, RespondMayComeFromAnyThread) {
  std::mutex mutex;
  std::vector<std::pair<std::string, Respond>> waiting;
  const auto keep = [&](Handler request, Respond respond) {
    const std::lock_guard lock(mutex);
    waiting.emplace_back(request->parameters.find("n")->second, std::move(respond));
  };
  Options options = test_options();
  options.io_threads = 2;
  serve({handled("GET", "/w/{n}", keep), handled("GET", "/i/{n}", keep, Route::Run::inline_)}, options);
  std::atomic<bool> stop = false;
  std::vector<std::thread> answering;
  for (int i = 0; i < 3; ++i) {
    answering.emplace_back([&] {
      while (!stop) {
        std::vector<std::pair<std::string, Respond>> mine;
        {
          const std::lock_guard lock(mutex);
          if (!waiting.empty()) {
            mine.push_back(std::move(waiting.back()));
            waiting.pop_back();
          }
        }
        for (auto& [name, respond] : mine) respond(text(name));
        if (mine.empty()) std::this_thread::sleep_for(std::chrono::microseconds(100));  // real time: yields
      }
    });
  }
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&, c] {
      RawClient client(port());
      for (int i = 0; i < 100; ++i) {
        const std::string name = std::to_string(c * 1000 + i);
        client.get((i % 2 ? "/w/" : "/i/") + name);
        if (client.answer().body == name) ++good;
      }
    });
  }
  for (std::thread& thread : clients) thread.join();
  stop = true;
  for (std::thread& thread : answering) thread.join();
  EXPECT_EQ(good, 800);
}

TEST_F(Http, DroppedAnswersAndThrowingHandlersAre500) {
  serve({handled("GET", "/dropped", [](Handler, Respond) {}),
         handled("GET", "/inline", [](Handler, Respond) {}, Route::Run::inline_),
         handled("GET", "/thrown", [](Handler, Respond) { throw std::runtime_error("secret"); }),
         handled("GET", "/twice",
                 [](Handler, Respond respond) {
                   respond(text("first"));
                   respond(text("second"));
                 }),
         handled("GET", "/odd", [](Handler, Respond respond) { respond(text("", 99)); }), hello()});
  RawClient client(port());
  for (const char* path : {"/dropped", "/inline", "/thrown", "/odd"}) {
    client.get(path);
    const Answer answer = client.answer();
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  }
  client.get("/twice");
  EXPECT_EQ(client.answer().body, "first");
  client.get("/hello/a");
  EXPECT_EQ(client.answer().body, "hello a");
}

TEST_F(Http, AFullWorkerQueueAnswers503) {
  std::mutex mutex;
  std::condition_variable wake;
  bool open = false;
  std::atomic<int> begun = 0;
  Options options = test_options();
  options.worker_threads = 1;
  options.worker_queue_max = 1;
  serve({handled("GET", "/block",
                 [&](Handler, Respond respond) {
                   ++begun;
                   std::unique_lock lock(mutex);
                   wake.wait(lock, [&] { return open; });
                   respond(text("done"));
                 })},
        options);
  RawClient running(port()), queued(port()), refused(port());
  running.get("/block");
  ASSERT_TRUE(eventually([&] { return begun == 1; }));
  queued.get("/block");
  ASSERT_TRUE(eventually([&] { return server_->metrics().find("anlan_http_worker_queue 1\n") != std::string::npos; }));
  refused.get("/block");
  const Answer answer = refused.answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.headers.contains("retry-after"));
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  wake.notify_all();
  EXPECT_EQ(running.answer().body, "done");
  EXPECT_EQ(queued.answer().body, "done");
  refused.get("/block");
  EXPECT_EQ(refused.answer().body, "done");
}

TEST_F(Http, TooManyConnectionsAreToldSo) {
  Options options = test_options();
  options.connections_max = 2;
  serve({hello()}, options);
  auto first = std::make_unique<RawClient>(port());
  RawClient second(port());
  first->get("/hello/a");
  second.get("/hello/a");
  EXPECT_EQ(first->answer().status, 200);
  EXPECT_EQ(second.answer().status, 200);
  {
    RawClient third(port());
    third.get("/hello/a");
    const Answer answer = third.answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.headers.contains("retry-after"));
    EXPECT_TRUE(third.closed());
  }
  first.reset();
  EXPECT_TRUE(eventually([&] {
    RawClient next(port());
    next.get("/hello/a");
    return next.answer().status == 200;
  }));
}

TEST_F(Http, StopFinishesWhatIsUnderWay) {
  std::mutex mutex;
  std::condition_variable wake;
  bool open = false;
  std::atomic<bool> begun = false;
  serve({handled("GET", "/block",
                 [&](Handler, Respond respond) {
                   begun = true;
                   std::unique_lock lock(mutex);
                   wake.wait(lock, [&] { return open; });
                   respond(text("done"));
                 }),
         hello()});
  RawClient idle(port()), busy(port());
  idle.get("/hello/a");
  EXPECT_EQ(idle.answer().status, 200);
  busy.get("/block");
  ASSERT_TRUE(eventually([&] { return begun.load(); }));
  const std::uint16_t where = port();
  std::thread stopping([&] { server_->stop(seconds(5)); });
  EXPECT_TRUE(idle.closed());
  EXPECT_TRUE(eventually([&] { return !RawClient(where).connected(); }));
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  wake.notify_all();
  const Answer answer = busy.answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  stopping.join();
  server_->stop(seconds(5));
}

TEST_F(Http, StopCutsWhatOutlastsTheGrace) {
  std::mutex mutex;
  std::vector<Respond> kept;
  serve({handled("GET", "/never", [&](Handler, Respond respond) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(respond));
  })});
  RawClient client(port());
  client.get("/never");
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return kept.size() == 1;
  }));
  server_->stop(milliseconds(20));
  EXPECT_TRUE(client.closed());
  server_.reset();
  kept[0](text("too late"));  // harmless
}

TEST_F(Http, CountsWhatItDoes) {
  serve({hello(), echo("POST", "/hello/{name}")});
  RawClient client(port());
  client.get("/hello/a");
  client.answer();
  client.send("HEAD /hello/a HTTP/1.1\r\nHost: t\r\n\r\n");
  client.answer(true);
  client.send("BREW /nothing HTTP/1.1\r\nHost: t\r\n\r\n");
  client.answer();
  const std::string metrics = server_->metrics();
  for (const char* line :
       {"anlan_http_requests_total{route=\"/hello/{name}\",method=\"GET\",status=\"200\"} 1\n",
        "anlan_http_requests_total{route=\"/hello/{name}\",method=\"HEAD\",status=\"200\"} 1\n",
        "anlan_http_requests_total{route=\"none\",method=\"other\",status=\"404\"} 1\n",
        "anlan_http_request_seconds_bucket{route=\"/hello/{name}\",le=\"+Inf\"} 2\n",
        "anlan_http_request_seconds_count{route=\"/hello/{name}\"} 2\n", "anlan_http_connections 1\n",
        "anlan_http_worker_queue 0\n", "anlan_http_sse_subscribers 0\n"})
    EXPECT_NE(metrics.find(line), std::string::npos) << line << metrics;
}

TEST(HttpListen, RefusesBadOptions) {
  Options bad_address = test_options();
  bad_address.address = "localhost";
  EXPECT_EQ(Server::listen(bad_address, {}, system_clock()).error().code, Code::invalid);
  Options no_threads = test_options();
  no_threads.io_threads = 0;
  EXPECT_EQ(Server::listen(no_threads, {}, system_clock()).error().code, Code::invalid);
  auto first = Server::listen(test_options(), {}, system_clock());
  ASSERT_TRUE(first);
  Options taken = test_options();
  taken.port = (*first)->port();
  EXPECT_EQ(Server::listen(taken, {}, system_clock()).error().code, Code::unavailable);
}

}  // namespace
}  // namespace anlan::http
