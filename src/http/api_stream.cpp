#include <algorithm>
#include <charconv>
#include <map>

#include "http/api.h"
#include "json/json.h"

namespace anlan::http {
namespace {

constexpr int chunk = 1000;                     // events read at once
constexpr app::Position catch_up_most = 5000;   // events behind; beyond it a page is better drawn anew
constexpr Duration scope_for = minutes(1);      // grants begin and end without an event

void send(Subscriber& subscriber, app::Position position, const char* event, Value data) {
  subscriber.send(std::to_string(position), event, json::write(data.with("position", position)));
}

}  // namespace

Feed::~Feed() { stop(); }

Status Feed::start() {
  ANLAN_CHECK(platform_.read([&](app::Reader& reader, const app::World&) -> Status {
    ANLAN_TRY(position_, reader.last_position());
    return {};
  }));
  committed_ = position_;
  thread_ = std::thread([this] { run(); });
  return {};
}

void Feed::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    joining_.clear();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  clients_.clear();
}

void Feed::committed(app::Position position) {
  {
    std::lock_guard lock(mutex_);
    if (position <= committed_) return;
    committed_ = position;
  }
  wake_.notify_all();
}

void Feed::moved(const std::vector<std::string>& tickets) {
  if (tickets.empty()) return;
  {
    std::lock_guard lock(mutex_);
    moved_.insert(tickets.begin(), tickets.end());
  }
  wake_.notify_all();
}

void Feed::subscribe(app::Sessions::Caller caller, std::optional<app::Position> after,
                     std::shared_ptr<Subscriber> subscriber) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    joining_.push_back({std::move(caller), after, std::move(subscriber)});
  }
  wake_.notify_all();
}

void Feed::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !joining_.empty() || committed_ > position_ || !moved_.empty(); });
      if (stopping_) return;
    }
    while (step()) {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
  }
}

bool Feed::step() {
  std::vector<Client> joining;
  std::set<std::string> moved;
  app::Position target;
  {
    std::lock_guard lock(mutex_);
    joining.swap(joining_);
    moved.swap(moved_);
    target = committed_;
  }
  std::erase_if(clients_, [&](const Client& c) {
    return !c.subscriber->open() || !sessions_.stands(c.caller);
  });
  bool more = false;
  if (clients_.empty() && joining.empty()) {
    // Nobody listens: the log need not be read.
    position_ = std::max(position_, target);
    count_ = 0;
    return false;
  }
  auto status = platform_.read([&](app::Reader& reader, const app::World& world) -> Status {
    if (target > position_) {
      ANLAN_TRY(std::vector<app::Event> events, reader.events_after(position_, chunk));
      ANLAN_CHECK(tell(reader, world, events, clients_));
      position_ = events.empty() ? target : events.back().position;
    }
    ANLAN_CHECK(tell_moved(reader, world, moved));
    for (Client& client : joining) {
      if (!client.after || *client.after > position_ || position_ - *client.after > catch_up_most) {
        send(*client.subscriber, position_, client.after ? "reset" : "ready", Value(Map{}));
        continue;
      }
      std::vector<Client> alone{client};
      for (app::Position at = *client.after; at < position_;) {
        ANLAN_TRY(std::vector<app::Event> events, reader.events_after(at, chunk));
        std::erase_if(events, [&](const app::Event& e) { return e.position > position_; });
        if (events.empty()) break;
        at = events.back().position;
        ANLAN_CHECK(tell(reader, world, events, alone));
      }
    }
    return {};
  });
  // A read that failed leaves everybody where they were; those who joined come again with Last-Event-ID, and who is on a
  // ticket is answered to their next beat.
  if (!status) joining.clear();
  clients_.insert(clients_.end(), std::make_move_iterator(joining.begin()), std::make_move_iterator(joining.end()));
  count_ = static_cast<std::int64_t>(clients_.size());
  std::lock_guard lock(mutex_);
  more = !joining_.empty() || !moved_.empty() || (status && committed_ > position_);
  if (!status) committed_ = position_;  // the next commit tries again
  return more;
}

void Feed::refresh(Client& client, const app::World& world) {
  const Instant now = platform_.now();
  const std::int64_t generation = world.master().generation;
  if (client.scope_generation == generation && now - client.scope_at < scope_for) return;
  const auto& principal = client.caller.principal;
  client.scope = platform_.scope(principal, world);
  client.records = (principal.machine.empty() && world.directory().is_internal(principal.person)) ||
                   platform_.permitted(principal, world, "records.read").has_value();
  if (principal.machine.empty() && !world.directory().is_enabled(principal.person)) {
    client.scope = {};
    client.records = false;
  }
  client.scope_generation = generation;
  client.scope_at = now;
}

Status Feed::tell(app::Reader& reader, const app::World& world, const std::vector<app::Event>& events,
                  std::vector<Client>& clients) {
  // Many events of one subject are one reason to look again.
  std::map<std::string_view, app::Position> last;
  for (const app::Event& event : events) last[event.subject] = event.position;
  std::vector<std::pair<app::Position, std::string_view>> news;
  for (const auto& [subject, position] : last) news.emplace_back(position, subject);
  std::sort(news.begin(), news.end());
  for (const auto& [position, subject] : news) {
    const auto colon = subject.find(':');
    if (colon == std::string_view::npos) continue;  // the platform's own: sessions, tokens, the clock
    const std::string topic(subject.substr(0, colon)), id(subject.substr(colon + 1));
    const std::string data =
        json::write(Value(Map{{"position", position}, {"topic", topic}, {"id", id}}));
    for (Client& client : clients) {
      refresh(client, world);
      bool may = false;
      if (topic == "ticket") {
        may = client.scope.all;
        if (!may) {
          ANLAN_TRY(may, reader.visible(id, client.scope));
        }
      } else if (topic == "record") {
        may = client.records;
      } else if (topic == "alert") {  // as GET /api/v1/alerts
        may = client.scope.all && (client.records || !client.caller.principal.machine.empty());
      }
      if (may) client.subscriber->send(std::to_string(position), "change", data);
    }
  }
  return {};
}

Status Feed::tell_moved(app::Reader& reader, const app::World& world, const std::set<std::string>& tickets) {
  for (const std::string& number : tickets) {
    std::set<std::string> there;
    for (const auto& present : presence_.on(number, platform_.now())) there.insert(present.person);
    const std::string data =
        json::write(Value(Map{{"position", position_}, {"topic", "presence"}, {"id", number}}));
    for (Client& client : clients_) {
      if (!there.contains(client.caller.principal.person)) continue;
      refresh(client, world);
      bool may = client.scope.all;
      if (!may) {
        ANLAN_TRY(may, reader.visible(number, client.scope));
      }
      if (may) client.subscriber->send({}, "presence", data);
    }
  }
  return {};
}

}  // namespace anlan::http
