#include "server/application.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <filesystem>

#include "app/incoming.h"
#include "app/measures.h"
#include "app/plans.h"
#include "app/records.h"
#include "crypto/crypto.h"
#include "http/static.h"
#include "server/alert_formats.h"
#include "server/demo.h"
#include "storage/search/search_file.h"
#include "storage/store.h"

namespace anlan::server {
namespace {

const engine::Actor the_platform{"platform", true, false};

// How far rounded figures of the rooms become gauges.
Value gauges_of(app::Store& store, app::Deliveries& deliveries, const http::AlertFormats& formats,
                const app::Sessions& sessions, const http::Feed& feed, const scheduler::Scheduler* scheduler,
                const Vault& vault, const Checkpoints* checkpoints, const Copier* copier) {
  Map all{{"store", store.condition()},
          {"alerts", deliveries.alerts().counters()},
          {"intake", formats.intake()},
          {"sessions", sessions.condition().with("passwords_waiting",
                                                 static_cast<std::int64_t>(vault.waiting()))},
          {"feed", Value(Map{{"subscribers", feed.subscribers()}})}};
  if (scheduler) all.emplace("scheduler", scheduler->condition());
  if (checkpoints) all.emplace("checkpoints", checkpoints->condition());
  if (copier) all.emplace("copy", copier->condition().with("age_seconds", static_cast<std::int64_t>(copier->age())));
  return Value(std::move(all));
}

}  // namespace

Result<std::unique_ptr<Application>> Application::start(Configuration configuration,
                                                        std::shared_ptr<const engine::Definitions> definitions,
                                                        const Clock& clock) {
  ANLAN_CHECK(crypto::initialise());
  std::unique_ptr<Application> self(new Application);
  const Instant started = clock.wall();

  std::vector<correlation::Problem> problems;
  correlation::RuleSet rules = app::load_correlation(*definitions, problems);
  if (!problems.empty())
    return fail(Code::invalid, "correlation rules: " + problems.front().path + ": " + problems.front().message);

  storage::Options storage;
  storage.clock = &clock;
  storage.path = configuration.data.empty() ? ":memory:" : configuration.data + "/anlan.db";
  if (!configuration.copy_to.empty()) {
    if (configuration.data.empty()) return fail(Code::invalid, "what lives in memory alone has nothing that a copy could follow");
    std::error_code error;
    const auto live = std::filesystem::weakly_canonical(configuration.data, error).string() + "/";
    const auto copy = std::filesystem::weakly_canonical(configuration.copy_to, error).string() + "/";
    if (live.starts_with(copy) || copy.starts_with(live)) return fail(Code::invalid, "the copy and the data folder may not lie one in the other");
    self->copier_ = std::make_unique<Copier>(
        CopierOptions{.data = configuration.data, .to = configuration.copy_to, .checkpoints = configuration.checkpoints, .every = configuration.copy_every},
        clock);
    storage.follower = self->copier_.get();
  }
  ANLAN_TRY(self->store_, storage::open_sqlite(storage));
  std::string secret = crypto::random_token();
  if (!configuration.data.empty()) {
    ANLAN_TRY(secret, installation_secret(configuration.data));
  }
  self->vault_ = std::make_unique<Vault>(std::move(secret), configuration.passwords);
  self->files_ = std::make_unique<FolderFiles>(configuration.data.empty() ? "" : configuration.data + "/attachments",
                                                [copier = self->copier_.get()](const std::string& path) {
                                                  if (copier) copier->kept(path);
                                                });
  self->platform_ = std::make_unique<app::Platform>(*self->store_, definitions, clock);
  self->alerts_ = std::make_unique<app::Alerts>(rules);
  self->deliveries_ = std::make_unique<app::Deliveries>(*self->platform_, *self->alerts_);
  self->sessions_ = std::make_unique<app::Sessions>(*self->platform_, *self->vault_);
  self->feed_ = std::make_unique<http::Feed>(*self->platform_, *self->sessions_, self->presence_);

  scheduler::Options stepping;
  stepping.failed = [](const std::string& what, const Error& error) {
    spdlog::error("scheduler: {}: {}", what, error.message);
  };
  Application* app = self.get();
  std::vector<scheduler::Chore> chores{
      {"repeats of alerts", seconds(30), [app] { return app->deliveries_->flush(); }},
      {"sessions", minutes(1), [app] { return app->sessions_->housekeep(); }},
      {"people on tickets", seconds(5),
       [app]() -> Status {
         app->feed_->moved(app->presence_.sweep(app->platform_->now()));
         return {};
       }},
      {"measures", seconds(2),
       [app]() -> Status {
         // A bounded step: what is left of a long log is folded in the next turns.
         for (int turn = 0; turn < 10; ++turn) {
           ANLAN_TRY(std::int64_t looked, app::fold_measures(*app->platform_));
           if (looked == 0) break;
         }
         return {};
       }},
      {"idempotency keys", hours(1), [app]() -> Status {
         auto done = app->store_->write([app](app::Txn& txn) -> Result<Value> {
           ANLAN_CHECK(txn.forget_idempotent_before(app->platform_->now() - hours(24)));
           return Value();
         });
         if (!done) return std::unexpected(done.error());
         return {};
       }}};
  self->scheduler_ = std::make_unique<scheduler::Scheduler>(*self->platform_, *self->deliveries_, std::move(chores),
                                                            std::move(stepping));
  ANLAN_CHECK(self->set_up(configuration, definitions));

  auto formats = alert_formats(std::make_shared<connectors::AlertIntake>(), rules, version, started);
  auto transport = std::make_shared<std::atomic<http::Server*>>(nullptr);
  auto api = std::make_shared<http::Api>(
      http::Api{*self->platform_, *self->sessions_, *self->vault_, *self->deliveries_, self->presence_, *self->feed_,
                *self->files_, formats, version,
                configuration.public_url, configuration.public_url.starts_with("https://")});
  if (configuration.demo) {
    ANLAN_TRY(api->demo, demo_visits(configuration.demo_data));
  }
  api->readiness = [app] {
    const Value store = app->store_->condition(), stepping_now = app->scheduler_->condition();
    Map all{{"ready", store["writer"].as_string() == "running"}, {"store", store}, {"scheduler", stepping_now}};
    if (app->checkpoints_) all.emplace("checkpoints", app->checkpoints_->condition());
    if (app->copier_) all.emplace("copy", app->copier_->condition());
    if (app->searcher_) all.emplace("search", app->searcher_->condition());
    return Value(std::move(all));
  };
  api->transport_metrics = [transport] {
    http::Server* server = transport->load();
    return server ? server->metrics() : std::string();
  };
  api->gauges = [app, formats] {
    return gauges_of(*app->store_, *app->deliveries_, formats, *app->sessions_, *app->feed_, app->scheduler_.get(),
                     *app->vault_, app->checkpoints_.get(), app->copier_.get());
  };
  if (!configuration.data.empty()) {
    // A file of its own: without it, and while it is made anew, everything else goes on.
    auto file = storage::open_search_file(configuration.data + "/search.db");
    if (file) {
      self->searcher_ = std::make_unique<Searcher>(*self->platform_, std::move(*file),
                                                   [](const Error& error) { spdlog::error("search: {}", error.message); });
      api->search = &self->searcher_->index();
    } else {
      spdlog::error("no search: {}", file.error().message);
    }
  }
  self->routes_ = http::routes(std::move(api));
  self->routes_.push_back(http::static_route(http::embedded_files()));

  self->store_->on_commit([app](app::Position position) {
    app->feed_->committed(position);
    app->scheduler_->wake();
    if (app->searcher_) app->searcher_->committed();
  });
  ANLAN_CHECK(self->feed_->start());
  if (self->searcher_ && configuration.scheduler_thread) self->searcher_->start();
  if (configuration.scheduler_thread) self->scheduler_->start();
  if (!configuration.data.empty()) {
    ANLAN_TRY(crypto::SigningKey key, checkpoint_key(configuration.data));
    const std::string file = configuration.checkpoints.empty() ? configuration.data + "/checkpoints.jsonl" : configuration.checkpoints;
    spdlog::info("checkpoints of the log go to {}, signed by key {}", file, crypto::to_hex(key.public_));
    ANLAN_TRY(self->checkpoints_, Checkpoints::open(*self->store_, clock, file, std::move(key)));
    self->checkpoints_->start(minutes(1), [](const Error& error) { spdlog::error("checkpoint: {}", error.message); });
  }
  if (self->copier_) {
    spdlog::info("a copy follows in {}", configuration.copy_to);
    self->copier_->start([](const Error& error) { spdlog::error("copy: {}", error.message); });
  }
  http::Options options;
  options.address = configuration.address;
  options.port = configuration.port;
  options.worker_threads = configuration.workers;
  ANLAN_TRY(self->http_, http::Server::listen(options, self->routes_, clock));
  transport->store(self->http_.get());
  return self;
}

// Seeds, demonstration, sessions: all that a new store needs before it serves.
Status Application::set_up(const Configuration& configuration, std::shared_ptr<const engine::Definitions> definitions) {
  ANLAN_CHECK(sow());
  bool shown = false, accounts = false;
  ANLAN_CHECK(platform_->read([&](app::Reader& reader, const app::World&) -> Status {
    ANLAN_TRY(std::optional<Value> mark, reader.setting("platform", "demo"));
    shown = mark.has_value();
    ANLAN_TRY(auto credentials, reader.settings("credential"));
    accounts = !credentials.empty();
    return {};
  }));
  if (!configuration.demo && shown)
    return fail(Code::conflict,
                "this data folder holds demonstration accounts with a published password; use another one");
  if (configuration.demo && !shown) {
    if (accounts)
      return fail(Code::conflict, "this data folder holds real accounts; a demonstration needs another one");
    ANLAN_TRY(std::string hash, vault_->hash_and_wait(demo_password));
    spdlog::info("telling the demonstration's past of {} days ...", configuration.demo_past.ms / hours(24).ms);
    ANLAN_CHECK(load_demo(*platform_, std::move(definitions), *sessions_, configuration.demo_data, configuration.demo_past, hash));
  }
  auto reviewed = platform_->write([this](app::Txn& txn, const app::World&) -> Result<Value> {
    ANLAN_CHECK(app::review_plans(*platform_, txn));
    return Value();
  });
  if (!reviewed) return std::unexpected(reviewed.error());
  ANLAN_CHECK(sessions_->load());
  if (!configuration.demo) {
    ANLAN_TRY(first_start_, sessions_->first_start_token());
  }
  return {};
}

Status Application::sow() {
  for (const auto& [path, document] : platform_->definitions().extra) {
    if (!path.starts_with("seeds/")) continue;
    const std::string reg = document["seed"].as_string();
    List rows;
    for (const Value& record : document["records"].as_list()) rows.push_back(record.with("register", reg));
    auto sown = platform_->write([&](app::Txn& txn, const app::World&) -> Result<Value> {
      ANLAN_TRY(std::vector<app::RecordRow> present, txn.records(reg, 1));
      if (!present.empty()) return Value();
      return app::import_records(*platform_, txn, the_platform, path, rows, false);
    });
    if (!sown) {
      Error error = sown.error();
      for (const Refusal& refusal : error.refusals) error.message += "\n  " + refusal.field + ": " + refusal.text.en;
      error.message = path + ": " + error.message;
      return std::unexpected(std::move(error));
    }
  }
  return {};
}

Application::~Application() { stop(); }

void Application::stop() {
  if (stopped_) return;
  stopped_ = true;
  if (http_) http_->stop(seconds(10));
  if (scheduler_) scheduler_->stop();
  if (feed_) feed_->stop();
  if (sessions_ && http_) {
    // What memory counts is stored, so that an orderly stop loses none of it.
    if (auto flushed = deliveries_->flush(); !flushed) spdlog::warn("repeats not stored: {}", flushed.error().message);
    if (auto kept = sessions_->housekeep(); !kept) spdlog::warn("sessions not stored: {}", kept.error().message);
  }
  if (store_) store_->stop();
  if (checkpoints_) checkpoints_->stop();
  if (copier_) copier_->stop();
  if (searcher_) searcher_->stop();
  // Answers of the password pool reach the sessions, and answers of the store reach the pool: the store ends first.
  if (vault_) vault_->close();
}

}  // namespace anlan::server
