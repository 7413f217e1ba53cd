#include "app/store.h"

#include <future>

namespace anlan::app {

Result<Value> Store::write(Work work) {
  std::promise<Result<Value>> promise;
  auto future = promise.get_future();
  write(std::move(work), [&promise](Result<Value> result) { promise.set_value(std::move(result)); });
  return future.get();
}

}  // namespace anlan::app
