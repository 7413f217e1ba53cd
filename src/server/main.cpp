#include <fmt/format.h>
#include <signal.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "app/incoming.h"
#include "definitions/load.h"
#include "server/application.h"
#include "server/backup_command.h"
#include "server/demo.h"
#include "server/rehearse_command.h"
#include "server/verify_command.h"

// What jemalloc is told: memory that a burst (a start, an import) no longer needs goes back within two seconds.
extern "C" const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:2000,muzzy_decay_ms:0";

namespace {

namespace fs = std::filesystem;
using namespace anlan;

struct ServeOptions {
  std::string listen = "127.0.0.1:8080", data = "data", definitions, public_url, checkpoints, copy_to;
  double copy_every = 1;
  bool demo = false;
  int demo_days = 365;
  int workers = 4;
};

// Those of a checkout when the program stands in its build folder, else those of the package.
std::string default_definitions() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path beside = program.parent_path() / "../../definitions";
    if (fs::is_directory(beside, error)) return fs::weakly_canonical(beside, error).string();
  }
  return "/usr/share/anlan/definitions";
}

// "127.0.0.1:8080", "[::1]:8080"
bool read_address(std::string_view text, std::string& address, std::uint16_t& port) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  const std::string_view number = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), port);
  address = host;
  return error == std::errc{} && end == number.data() + number.size() && !number.empty();
}

bool loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

int serve(ServeOptions given) {
  server::Configuration configuration;
  if (!read_address(given.listen, configuration.address, configuration.port)) {
    fmt::print(stderr, "--listen wants an address and a port, such as 127.0.0.1:8080 or [::1]:8080\n");
    return 2;
  }
  if (given.definitions.empty()) given.definitions = default_definitions();
  auto files = definitions::read_directory(given.definitions);
  if (!files) {
    fmt::print(stderr, "{}\n", files.error().message);
    return 1;
  }
  auto loaded = definitions::load(*files);
  for (const auto& problem : loaded.problems) fmt::print(stderr, "{}\n", definitions::text(problem));
  if (!loaded.ok()) return 1;
  auto rules = std::make_shared<const engine::Definitions>(std::move(loaded.definitions));
  std::vector<correlation::Problem> problems;
  app::load_correlation(*rules, problems);
  for (const auto& problem : problems)
    fmt::print(stderr, "correlation (document {}): {}: {}\n", problem.document + 1, problem.path, problem.message);
  if (!problems.empty()) return 1;

  // All threads inherit the mask, so that the signals reach the sigwait below and nobody else.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  configuration.data = given.data;
  configuration.demo = given.demo;
  configuration.demo_past = hours(24 * given.demo_days);
  configuration.demo_data = (fs::path(given.definitions) / "../demo").lexically_normal().string();
  configuration.public_url = given.public_url;
  configuration.checkpoints = given.checkpoints;
  configuration.copy_to = given.copy_to;
  configuration.copy_every = milliseconds(static_cast<std::int64_t>(given.copy_every * 1000));
  configuration.workers = given.workers;
  auto application = server::Application::start(configuration, rules, system_clock());
  if (!application) {
    spdlog::error("{}", application.error().message);
    return 1;
  }
  const bool v6 = configuration.address.find(':') != std::string::npos;
  const std::string address = !given.public_url.empty() ? given.public_url
                              : fmt::format("http://{}{}{}:{}", v6 ? "[" : "", configuration.address, v6 ? "]" : "",
                                            (*application)->port());
  spdlog::info("Anlan {} serves {}", server::version, address);
  if (given.demo) {
    spdlog::info("demonstration: people such as duty, second, manager with password {}; token {} for alerts",
                 server::demo_password, server::demo_token);
    if (!loopback(configuration.address))
      spdlog::warn("the demonstration listens beyond this machine, with passwords that everybody knows");
  }
  if (const auto& token = (*application)->first_start_token()) {
    fmt::print("Make the first administrator here; the link works once:\n{}/first-start#{}\n", address, *token);
    std::fflush(stdout);
  }
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  spdlog::info("stopping");
  (*application)->stop();
  spdlog::info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("anlan"));
  CLI::App cli("安澜 Anlan: IT service management for insurers");
  cli.require_subcommand(1);

  ServeOptions serving;
  auto* serve_command = cli.add_subcommand("serve", "serve the API and the pages");
  serve_command->add_option("--listen", serving.listen, "address and port")->capture_default_str();
  serve_command->add_option("--data", serving.data, "folder of the database")->capture_default_str();
  serve_command->add_option("--definitions", serving.definitions, "folder of the definitions");
  serve_command->add_flag("--demo,!--no-demo", serving.demo, "people, machines and tickets to look at");
  serve_command->add_option("--demo-days", serving.demo_days, "how many days of the past the demonstration tells; 0: people and machines alone")
      ->check(CLI::Range(0, 730));
  serve_command->add_option("--public-url", serving.public_url, "the address that browsers see, behind a proxy");
  serve_command->add_option("--checkpoints", serving.checkpoints,
                            "file for signed checkpoints of the log, best on another machine's disk");
  serve_command->add_option("--copy-to", serving.copy_to, "folder of a copy that follows, best on another machine's disk");
  serve_command->add_option("--copy-every", serving.copy_every, "seconds between its steps")->capture_default_str()->check(CLI::Range(0.1, 3600.0));
  serve_command->add_option("--workers", serving.workers, "threads that answer requests")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));

  std::string checked;
  auto* check_command = cli.add_subcommand("check", "name every problem of a folder of definitions");
  check_command->add_option("DIR", checked, "the folder")->required();

  server::RehearseOptions rehearsing;
  auto* rehearse_command = cli.add_subcommand("rehearse", "play scenarios against definitions");
  rehearse_command->add_option("FILE", rehearsing.files, "scenario files or folders")->required();
  rehearse_command->add_option("--definitions", rehearsing.definitions, "folder of the definitions");
  rehearse_command->add_flag("--mutate", rehearsing.mutate, "change one rule at a time and list what nobody noticed");
  rehearse_command->add_option("--equivalents", rehearsing.equivalents, "reviewed list of mutants that change nothing");
  rehearse_command->add_option("--only", rehearsing.only, "only those whose name holds this");
  rehearse_command->add_option("--jobs", rehearsing.jobs, "at once")->capture_default_str()->check(CLI::Range(1, 64));

  server::VerifyOptions verifying;
  auto* verify_command = cli.add_subcommand("verify", "prove the log by its checkpoints, and the tables by the log");
  verify_command->add_option("--data", verifying.data, "folder of the database, or a database file")->default_val("data");
  verify_command->add_option("--against", verifying.against, "file of checkpoints, kept where the server cannot write");
  verify_command->add_option("--key", verifying.key, "public key that signed them, as the server said at its start");
  verify_command->add_flag("!--no-tables", verifying.tables, "leave out the comparison of tickets and records");

  server::BackupOptions copying;
  auto* backup_command = cli.add_subcommand("backup", "copy an installation, also while it serves");
  backup_command->add_option("--data", copying.data, "folder of the installation")->default_val("data");
  backup_command->add_option("--to", copying.to, "new folder for the copy")->required();
  backup_command->add_option("--checkpoints", copying.checkpoints, "file of checkpoints, if it lies elsewhere");

  server::RestoreOptions restoring;
  auto* restore_command = cli.add_subcommand("restore", "put a copy in place, after checking it");
  restore_command->add_option("--from", restoring.from, "folder of the copy")->required();
  restore_command->add_option("--data", restoring.data, "new folder of the installation")->default_val("data");

  auto* version_command = cli.add_subcommand("version", "print the version");

  CLI11_PARSE(cli, argc, argv);
  if (*version_command) {
    fmt::print("anlan {}\n", server::version);
    return 0;
  }
  if (*backup_command) return server::backup(copying, system_clock());
  if (*restore_command) return server::restore(restoring, system_clock());
  if (*verify_command) return server::verify(verifying, system_clock());
  if (*check_command) return server::check(checked);
  if (*rehearse_command) {
    if (rehearsing.definitions.empty()) rehearsing.definitions = default_definitions();
    return server::rehearse(rehearsing);
  }
  return serve(serving);
}
