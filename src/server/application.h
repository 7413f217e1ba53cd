// The program put together: store, use cases, sessions, feed, scheduler, routes. main and the tests start it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/delivery.h"
#include "app/platform.h"
#include "app/presence.h"
#include "app/sessions.h"
#include "connectors/alerts.h"
#include "crypto/password.h"
#include "http/api.h"
#include "http/transport.h"
#include "scheduler/scheduler.h"
#include "server/checkpoint.h"
#include "server/copier.h"
#include "server/files.h"
#include "server/searcher.h"
#include "server/vault.h"

namespace anlan::server {

inline constexpr const char* version = "0.1.0";

struct Configuration {
  std::string address = "127.0.0.1";  // numeric
  std::uint16_t port = 8080;          // 0: any free one
  std::string data;                   // folder of the database and the installation's secret; empty: in memory
  bool demo = false;
  std::string demo_data;              // folder of demo/*.yaml; read when `demo` and the store is new
  Duration demo_past = hours(365 * 24);  // how far back its stories begin
  std::string checkpoints;            // file that checkpoints of the log go to; empty: checkpoints.jsonl beside the database
  std::string copy_to;                // folder of a copy that follows; empty: none
  Duration copy_every = seconds(1);
  std::string public_url;             // as browsers see it, when a proxy stands in front; https makes cookies Secure
  int workers = 4;
  crypto::PasswordHasher::Options passwords{};
  bool scheduler_thread = true;       // false: tests step the scheduler and the search index themselves
};

class Application {
 public:
  // Everything up and listening. Code::conflict when demo data and real accounts would meet in one store.
  static Result<std::unique_ptr<Application>> start(Configuration, std::shared_ptr<const engine::Definitions>,
                                                    const Clock&);
  ~Application();  // stop()
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  // Stops accepting, finishes what is under way, stops the store. Idempotent.
  void stop();

  std::uint16_t port() const { return http_->port(); }
  // Where the first administrator is made, as long as nobody can sign in.
  const std::optional<std::string>& first_start_token() const { return first_start_; }
  app::Platform& platform() { return *platform_; }
  app::Sessions& sessions() { return *sessions_; }
  Vault& vault() { return *vault_; }
  scheduler::Scheduler& scheduler() { return *scheduler_; }
  const std::vector<http::Route>& routes() const { return routes_; }
  app::SearchIndex* search() { return searcher_ ? &searcher_->index() : nullptr; }  // null in memory

 private:
  Application() = default;
  Status set_up(const Configuration&, std::shared_ptr<const engine::Definitions>);
  Status sow();

  std::unique_ptr<Copier> copier_;  // none unless asked for; the store tells it
  std::unique_ptr<app::Store> store_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<FolderFiles> files_;
  std::unique_ptr<app::Platform> platform_;
  std::unique_ptr<app::Alerts> alerts_;
  std::unique_ptr<app::Deliveries> deliveries_;
  std::unique_ptr<app::Sessions> sessions_;
  app::Presence presence_;
  std::unique_ptr<http::Feed> feed_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::unique_ptr<Searcher> searcher_;
  std::unique_ptr<Checkpoints> checkpoints_;  // none in memory
  std::vector<http::Route> routes_;
  std::unique_ptr<http::Server> http_;
  std::optional<std::string> first_start_;
  bool stopped_ = false;
};

}  // namespace anlan::server
