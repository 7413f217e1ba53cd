// The routes of the API over the use cases: who asks, what was sent, one use case, the answer. Rules live elsewhere.
//
// Callers: a browser with the cookie "anlan_session", a machine with "Authorization: Bearer <token>". A request that
// changes something and comes with the cookie must come from our own pages: its Origin, where sent, must be ours; where
// none is sent, it must be JSON or carry X-Anlan-Request, which no foreign page can send unasked.
// A POST with Idempotency-Key is answered once: its answer is stored in the unit of work that made it, and a repetition
// of the same body by the same caller gets it again (with Idempotent-Replayed: true) for a day.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "app/attachments.h"
#include "app/delivery.h"
#include "app/platform.h"
#include "app/presence.h"
#include "app/search.h"
#include "app/sessions.h"
#include "http/transport.h"

namespace anlan::http {

// The formats of monitoring systems, which another room speaks; the server wires them in. All are thread-safe.
struct AlertFormats {
  struct Decoded {
    std::vector<correlation::AlertReport> reports;
    Status status;   // why nothing of it is taken
    Value problems;  // [{index, path, message}]
  };
  using Decode = std::function<Decoded(const Value& body, Instant now)>;
  Decode alertmanager, alertmanager_webhook, zabbix, generic;
  std::function<void()> unreadable;  // a body that was no JSON
  std::function<Value()> intake;     // counters
  // GET /api/v2/...; `query` as sent.
  using Query = std::multimap<std::string, std::string, std::less<>>;
  std::function<Value()> status;
  std::function<Value()> receivers;
  std::function<Result<Value>(const std::vector<app::AlertRow>&, const Query&)> alerts;
  std::function<Result<Value>(app::Reader&, const Query&, Instant now)> silences;
};

// Tells subscribers {position, topic, id} of each committed event that they may see; they fetch the rest themselves.
// One thread reads the log and sends, so nothing is missed and positions rise. Thread-safe.
//
// Who comes to a ticket or leaves it stands in no log: that is an event "presence" without an id to resume from, and it
// goes only to those who are on the ticket themselves and may read it.
class Feed {
 public:
  Feed(app::Platform& platform, app::Sessions& sessions, const app::Presence& presence)
      : platform_(platform), sessions_(sessions), presence_(presence) {}
  ~Feed();  // stop()
  // Starts from the end of the log.
  Status start();
  void stop();
  void committed(app::Position);  // after each durable batch
  void moved(const std::vector<std::string>& tickets);  // their people are others now; many in a row become one event
  // `after`: of Last-Event-ID; events since then follow first, or the event "reset" when they are too many.
  void subscribe(app::Sessions::Caller, std::optional<app::Position> after, std::shared_ptr<Subscriber>);
  std::int64_t subscribers() const { return count_.load(); }

 private:
  struct Client {
    app::Sessions::Caller caller;
    std::optional<app::Position> after;
    std::shared_ptr<Subscriber> subscriber;
    app::Scope scope{};
    bool records = false;  // may read registers and alerts
    std::int64_t scope_generation = -1;
    Instant scope_at{};
  };
  void run();
  bool step();  // whether more is waiting
  Status join(std::vector<Client>& joining);
  Status tell(app::Reader&, const app::World&, const std::vector<app::Event>&, std::vector<Client>&);
  Status tell_moved(app::Reader&, const app::World&, const std::set<std::string>& tickets);
  void refresh(Client&, const app::World&);

  app::Platform& platform_;
  app::Sessions& sessions_;
  const app::Presence& presence_;
  std::vector<Client> clients_;  // of the thread
  app::Position position_ = 0;   // of the thread
  std::atomic<std::int64_t> count_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Client> joining_;
  app::Position committed_ = 0;
  std::set<std::string> moved_;
  bool stopping_ = false;
  std::thread thread_;
};

struct Api {
  app::Platform& platform;
  app::Sessions& sessions;
  app::Secrets& secrets;
  app::Deliveries& deliveries;
  app::Presence& presence;
  Feed& feed;
  app::Files& files;
  AlertFormats formats;
  std::string version;
  std::string public_url;      // "https://anlan.example": an origin that counts as ours; may be empty
  bool secure_cookie = false;  // the page is served over TLS
  app::SearchIndex* search = nullptr;  // null: none is kept
  Value demo{};                // server/demo.h: as whom to look at a demonstration; null outside of one
  // {ready, ...}: whether requests can be served, with reasons.
  std::function<Value()> readiness = [] { return Value(Map{{"ready", true}}); };
  // Metrics text of the transport, and further gauges {prefix: {name: number}}.
  std::function<std::string()> transport_metrics = [] { return std::string(); };
  std::function<Value()> gauges = [] { return Value(); };
};

// All routes but the pages, each with its operation for /openapi.json. They keep the Api alive.
std::vector<Route> routes(std::shared_ptr<Api>);
// Schemas of the document beyond the shared ones.
Value api_schemas();

}  // namespace anlan::http
