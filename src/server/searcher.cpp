#include "server/searcher.h"

#include <chrono>

namespace anlan::server {

void Searcher::start() {
  thread_ = std::thread([this] { run(); });
}

void Searcher::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Searcher::committed() {
  {
    std::lock_guard lock(mutex_);
    news_ = true;
  }
  wake_.notify_one();
}

void Searcher::run() {
  std::string told;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || news_; });
      if (stopping_) return;
      news_ = false;
    }
    auto more = app::catch_up(platform_, *index_);
    if (!more && more.error().message != told) failed_(more.error());
    told = more ? "" : more.error().message;
    std::unique_lock lock(mutex_);
    if (more && *more) {
      news_ = true;
      continue;
    }
    // What comes in a moment is taken together; after a failure there is time to mend.
    wake_.wait_for(lock, more ? std::chrono::milliseconds(200) : std::chrono::seconds(10), [&] { return stopping_; });
    if (!more) news_ = true;
  }
}

Value Searcher::condition() {
  app::Position last = 0;
  auto status = platform_.read([&](app::Reader& reader, const app::World&) -> Status {
    ANLAN_TRY(last, reader.last_position());
    return {};
  });
  auto known = index_->position();
  auto documents = index_->documents();
  if (!status || !known || !documents) return Value(Map{});
  return Value(Map{{"behind", last - *known}, {"documents", *documents}});
}

}  // namespace anlan::server
