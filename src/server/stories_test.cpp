// The demonstration that ships must tell its stories on any day of the year and at any hour.
#include "server/stories.h"

#include <gtest/gtest.h>

#include "app/tickets.h"
#include "base/text.h"
#include "definitions/load.h"
#include "definitions/yaml.h"
#include "server/application.h"

namespace anlan::server {
namespace {

class DemoTest : public testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Application> start(SimulatedClock& clock) {
    auto loaded = definitions::load_directory("definitions");
    EXPECT_TRUE(loaded) << loaded.error().message;
    Configuration configuration;
    configuration.port = 0;
    configuration.demo = true;
    configuration.demo_data = "demo";
    configuration.demo_past = hours(24 * 45);
    configuration.passwords.passes = 1;
    configuration.passwords.memory_bytes = 64 << 10;
    configuration.scheduler_thread = false;
    auto started = Application::start(configuration, *loaded, clock);
    EXPECT_TRUE(started) << started.error().message;
    return started ? std::move(*started) : nullptr;
  }
};

TEST_P(DemoTest, TellsItsPastAndTheOutageThatRuns) {
  SimulatedClock clock(*parse_rfc3339(GetParam()));
  auto application = start(clock);
  ASSERT_TRUE(application);
  auto looked = application->platform().read([&](app::Reader& reader, const app::World&) -> Status {
    app::TicketQuery query;
    query.limit = 200;
    app::Scope all;
    all.all = true;
    ANLAN_TRY(app::Page<app::TicketRow> page, reader.tickets(query, all));
    std::size_t closed = 0, down = 0;
    for (const auto& row : page.items) {
      EXPECT_LE(row.opened_at, clock.wall());
      closed += row.open ? 0 : 1;
      std::size_t provinces = 0;
      ANLAN_TRY(std::optional<app::TicketRow> whole, reader.ticket(row.number));
      ANLAN_TRY(engine::Ticket ticket, engine::ticket_from(whole->body));
      for (const Value& stretch : ticket.fields["interruptions"].as_list())
        provinces += stretch["confirmed"].as_bool() && stretch["to"].is_null() ? 1 : 0;
      down += row.open && provinces == 2 ? 1 : 0;
    }
    EXPECT_GT(closed, 30u);
    EXPECT_EQ(down, 1u) << "one outage of two provinces runs";
    return {};
  });
  ASSERT_TRUE(looked) << looked.error().message;
}

// A working morning, a night, a Sunday, within the long holiday, the morning after it, New Year's Eve.
INSTANTIATE_TEST_SUITE_P(Days, DemoTest,
                         testing::Values("2026-03-03T10:15:00+08:00", "2026-03-03T02:20:00+08:00", "2026-06-14T16:00:00+08:00",
                                         "2026-10-04T11:00:00+08:00", "2026-10-09T08:40:00+08:00", "2026-12-31T23:59:00+08:00"));

std::string lay_out_error(const char* yaml) {
  auto documents = definitions::read_values("stories.yaml", yaml);
  EXPECT_TRUE(documents);
  auto steps = lay_out(documents->front(), "stories.yaml", *parse_rfc3339("2026-03-03T10:00:00+08:00"), hours(24 * 30));
  return steps ? "" : steps.error().message;
}

TEST(Stories, WhatIsWrongIsNamed) {
  EXPECT_EQ(lay_out_error("stories: [{story: a, ago: [5m], steps: [{after: soon, act: {action: x}}]}]"),
            "stories.yaml: story a, step 1: 'after' is 5m or 5m..20m");
  EXPECT_EQ(lay_out_error("stories: [{story: a, per_year: 9, steps: []}]"), "stories.yaml: story a: 'between' is [08:30, 17:30]");
  EXPECT_EQ(lay_out_error("stories: [{story: a, often: 9}]"), "stories.yaml: story a: 'often' is not known in a story");
  EXPECT_EQ(lay_out_error("stories: [{story: a, ago: [soon], steps: []}]"), "stories.yaml: story a: 'ago' is a list of durations");
  EXPECT_EQ(lay_out_error("stories: [{story: a, ago: [5m], steps: [{after: 1m}]}]"), "stories.yaml: story a, step 1 does nothing");
}

TEST(Stories, TellingsKeepTheirTicketsApartAndEndWithNow) {
  auto documents = definitions::read_values(
      "stories.yaml",
      "stories: [{story: a, ago: [20m, 5m], draw: {who: [duty]}, steps: [{open: {process: p, as: '{who}', fields: {n: 1}}, ticket: first},"
      " {after: 10m, act: {action: x, as: '{who}', fields: {to: $first}}}]}]");
  ASSERT_TRUE(documents);
  const Instant now = *parse_rfc3339("2026-03-03T10:00:00+08:00");
  auto steps = lay_out(documents->front(), "stories.yaml", now, hours(24));
  ASSERT_TRUE(steps) << steps.error().message;
  ASSERT_EQ(steps->size(), 3u) << "the second telling's act lies ahead";
  EXPECT_EQ((*steps)[0].at, now - minutes(20));
  EXPECT_EQ((*steps)[0].step["ticket"], Value("t1.first"));
  EXPECT_EQ((*steps)[0].step["open"]["as"], Value("duty"));
  EXPECT_EQ((*steps)[1].step["on"], Value("t1.first"));
  EXPECT_EQ((*steps)[1].step["act"]["fields"]["to"], Value("$t1.first"));
  EXPECT_EQ((*steps)[2].step["ticket"], Value("t2.first"));
}

}  // namespace
}  // namespace anlan::server
