// Server-sent events over real sockets.
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "http/raw_client_test.h"

namespace anlan::http {
namespace {

class Streams : public testing::Test {
 protected:
  void serve(Options options = test_options(), Route::Run run = Route::Run::worker) {
    Route route;
    route.method = "GET";
    route.pattern = "/stream";
    route.run = run;
    route.subscribe = [this](std::shared_ptr<const Request> request, std::shared_ptr<Subscriber> subscriber) -> Status {
      if (request->query.contains("no")) return fail(Code::unauthenticated, "Sign in first.");
      if (request->query.contains("early")) subscriber->send("1", "early", "here before the head");
      const std::lock_guard lock(mutex_);
      subscribers_.push_back(std::move(subscriber));
      return {};
    };
    auto server = Server::listen(options, {route}, system_clock());
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  std::shared_ptr<Subscriber> subscriber(std::size_t index) {
    std::shared_ptr<Subscriber> out;
    eventually([&] {
      const std::lock_guard lock(mutex_);
      if (subscribers_.size() > index) out = subscribers_[index];
      return out != nullptr;
    });
    return out;
  }
  bool metric(std::string_view line) {
    return eventually([&] { return server_->metrics().find(line) != std::string::npos; });
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<Subscriber>> subscribers_;
  std::unique_ptr<Server> server_;
};

TEST_F(Streams, DeliverEvents) {
  for (const auto run : {Route::Run::worker, Route::Run::inline_}) {
    subscribers_.clear();
    serve(test_options(), run);
    RawClient client(server_->port());
    client.get("/stream?early");
    ASSERT_TRUE(client.until("data: here before the head\n\n"));
    EXPECT_NE(client.input().find("Content-Type: text/event-stream"), std::string::npos);
    EXPECT_NE(client.input().find("Content-Security-Policy: "), std::string::npos);
    const auto to = subscriber(0);
    ASSERT_TRUE(to);
    EXPECT_TRUE(to->send("7", "tickets", "{\"a\":\n1}"));
    EXPECT_TRUE(client.until("id: 7\nevent: tickets\ndata: {\"a\":\ndata: 1}\n\n"));
    EXPECT_TRUE(to->send("8", "", "last"));
    EXPECT_TRUE(client.until("id: 8\ndata: last\n\n"));
    EXPECT_TRUE(metric("anlan_http_sse_subscribers 1\n"));
    EXPECT_TRUE(to->open());
    client.close();
    EXPECT_TRUE(eventually([&] { return !to->open(); }));
    EXPECT_FALSE(to->send("9", "", "nobody"));
    EXPECT_TRUE(metric("anlan_http_sse_subscribers 0\n"));
  }
}

TEST_F(Streams, ARefusalIsAProblem) {
  serve();
  RawClient client(server_->port());
  client.get("/stream?no");
  const Answer answer = client.answer();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  EXPECT_TRUE(client.closed());
}

TEST_F(Streams, SilenceIsFilledWithComments) {
  Options options = test_options();
  options.heartbeat = milliseconds(40);
  options.idle_timeout = milliseconds(20);  // does not count on a stream
  serve(options);
  RawClient client(server_->port());
  client.get("/stream");
  EXPECT_TRUE(client.until(":\n\n:\n\n"));
}

TEST_F(Streams, ASlowClientIsDropped) {
  serve();
  RawClient slow(server_->port(), 4096), quick(server_->port());
  slow.get("/stream");
  const auto to_slow = subscriber(0);
  quick.get("/stream");
  const auto to_quick = subscriber(1);
  ASSERT_TRUE(to_slow && to_quick);
  const std::string data(1000, 'x');
  bool dropped = false;
  for (int i = 0; i < 100000 && !dropped; ++i) dropped = !to_slow->send(std::to_string(i), "e", data);
  EXPECT_TRUE(dropped);
  EXPECT_FALSE(to_slow->open());
  EXPECT_TRUE(metric("anlan_http_sse_dropped_total 1\n"));
  EXPECT_TRUE(metric("anlan_http_sse_subscribers 1\n"));
  EXPECT_TRUE(to_quick->send("1", "e", "still here"));
  EXPECT_TRUE(quick.until("data: still here"));
}

TEST_F(Streams, QueuesAreBoundedByCountToo) {
  Options options = test_options();
  options.stream_queue_events = 4;
  Route route;
  route.method = "GET";
  route.pattern = "/stream";
  int sent = 0;
  route.subscribe = [&](std::shared_ptr<const Request>, std::shared_ptr<Subscriber> to) -> Status {
    while (to->send("1", "", "x")) ++sent;
    return {};
  };
  auto server = Server::listen(options, {route}, system_clock());
  ASSERT_TRUE(server);
  RawClient client((*server)->port());
  client.get("/stream");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(sent, 4);
}

TEST_F(Streams, DroppingTheSubscriberEndsTheStream) {
  serve();
  RawClient client(server_->port());
  client.get("/stream");
  auto to = subscriber(0);
  ASSERT_TRUE(to);
  {
    const std::lock_guard lock(mutex_);
    subscribers_.clear();
  }
  to->send("1", "", "the last words");
  to.reset();
  EXPECT_TRUE(client.closed());
  EXPECT_NE(client.input().find("data: the last words\n\n"), std::string::npos);
}

TEST_F(Streams, ManyThreadsMaySend) {
  Options options = test_options();
  options.stream_queue_events = 100000;
  options.stream_queue_bytes = 64 << 20;
  serve(options);
  RawClient client(server_->port());
  client.get("/stream");
  const auto to = subscriber(0);
  ASSERT_TRUE(to);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) to->send(std::to_string(t * 500 + i), "e", "data");
    });
  for (std::thread& thread : threads) thread.join();
  const auto count = [&] {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = client.input().find("data: data\n\n", at)) != std::string::npos; ++at) ++n;
    return n;
  };
  while (count() < 2000 && client.receive(2000)) {
  }
  EXPECT_EQ(count(), 2000u);
}

TEST_F(Streams, StopEndsThem) {
  serve();
  RawClient client(server_->port());
  client.get("/stream");
  const auto to = subscriber(0);
  ASSERT_TRUE(to);
  server_->stop(seconds(5));
  EXPECT_TRUE(client.closed());
  EXPECT_FALSE(to->send("1", "", "x"));
  server_.reset();
  EXPECT_FALSE(to->open());
}

}  // namespace
}  // namespace anlan::http
