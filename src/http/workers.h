// The bounded pool that runs the handlers of worker routes.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace anlan::http {

class Workers {
 public:
  using Task = std::move_only_function<void()>;  // must not throw
  Workers(int threads, std::size_t queue_max);
  ~Workers();  // stop()
  // False, and the task untouched, when the queue is full or the pool is stopped. Thread-safe.
  bool submit(Task& task);
  std::size_t waiting() const;
  // Drops what has not begun, waits for what runs. From no thread of the pool.
  void stop();

 private:
  void run();
  const std::size_t queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace anlan::http
