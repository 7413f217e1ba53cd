// The thread that keeps the full-text index behind the log by moments only.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "app/search.h"

namespace anlan::server {

class Searcher {
 public:
  // `failed`: told once for each kind of failure until a step succeeds again.
  Searcher(app::Platform& platform, std::unique_ptr<app::SearchIndex> index, std::function<void(const Error&)> failed)
      : platform_(platform), index_(std::move(index)), failed_(std::move(failed)) {}
  ~Searcher() { stop(); }

  app::SearchIndex& index() { return *index_; }
  void start();
  void stop();
  void committed();     // there is something new in the log
  Value condition();    // {behind: events, documents}

 private:
  void run();

  app::Platform& platform_;
  std::unique_ptr<app::SearchIndex> index_;
  std::function<void(const Error&)> failed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool news_ = true, stopping_ = false;
  std::thread thread_;
};

}  // namespace anlan::server
