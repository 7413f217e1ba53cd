#include "connectors/alerts.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/text.h"
#include "connectors/alertmanager.h"
#include "json/json.h"

namespace anlan::connectors {
namespace {

const Instant now = *parse_rfc3339("2026-03-02T01:10:00Z");

Value body(std::string_view text) {
  auto v = json::parse(text, {.bytes = std::size_t{1} << 26});
  if (!v) ADD_FAILURE() << v.error().message << ": " << text.substr(0, 200);
  return v ? *v : Value();
}

// ---- Alertmanager API v2 -------------------------------------------------------------------------------------

TEST(AlertmanagerAlerts, PrometheusSaysHowLongAnAlertStands) {
  // As Prometheus 2.42 sends it: nanoseconds, an end four resend intervals ahead.
  auto d =
      decode_alertmanager(body(R"([{"annotations":{"summary":"node down"},"endsAt":"2026-03-02T01:14:00.123456789Z",
    "startsAt":"2026-03-02T01:09:00.987654321Z","generatorURL":"http://p:9090/graph?g0.expr=up",
    "labels":{"alertname":"InstanceDown",
    "instance":"127.0.0.1:9100","job":"node","severity":"critical","empty":""}}])"),
                          now);
  ASSERT_TRUE(d.ok());
  ASSERT_EQ(d.reports.size(), 1u);
  const auto& r = d.reports[0];
  EXPECT_TRUE(r.firing());
  EXPECT_EQ(r.source, "prometheus");
  EXPECT_EQ(format_rfc3339(*r.starts_at), "2026-03-02T01:09:00.987Z");
  EXPECT_EQ(format_rfc3339(*r.alive_until), "2026-03-02T01:14:00.123Z");
  EXPECT_EQ(r.labels["job"].as_string(), "node");
  EXPECT_EQ(r.labels.as_map().size(), 4u);  // the empty one counts as absent
  EXPECT_FALSE(r.sweeps);
}

TEST(AlertmanagerAlerts, AnEndInThePastIsARecovery) {
  auto d = decode_alertmanager(
      body(R"([{"labels":{"a":"b"},"startsAt":"2026-03-02T01:00:00Z","endsAt":"2026-03-02T01:10:00Z"}])"), now);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(*d.reports[0].ends_at, now);
  EXPECT_FALSE(d.reports[0].alive_until);
}

TEST(AlertmanagerAlerts, ZeroAndAbsentTimesAreNone) {
  for (const char* text :
       {R"([{"labels":{"a":"b"}}])", R"([{"labels":{"a":"b"},"startsAt":null,"endsAt":""}])",
        R"([{"labels":{"a":"b"},"startsAt":"0001-01-01T00:00:00.000Z","endsAt":"0001-01-01T00:00:00Z"}])"}) {
    auto d = decode_alertmanager(body(text), now);
    ASSERT_TRUE(d.ok()) << text;
    EXPECT_TRUE(d.reports[0].firing());
    EXPECT_FALSE(d.reports[0].starts_at);
    EXPECT_FALSE(d.reports[0].alive_until);
  }
  EXPECT_TRUE(decode_alertmanager(body("[]"), now).ok());
}

TEST(AlertmanagerAlerts, UnknownMembersAndUtf8NamesAreTaken) {
  auto d = decode_alertmanager(body(R"([{"labels":{"http.status":"500","系统":"核心"},"later":{"x":1}}])"), now);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d.reports[0].labels["系统"].as_string(), "核心");
}

struct Malformed {
  const char* text;
  std::size_t index;
  const char* path;
};

TEST(AlertmanagerAlerts, EachMistakeIsNamedByItsAlertAndNothingIsTaken) {
  const Malformed corpus[] = {
      {R"({"labels":{"a":"b"}})", 0, ""},
      {R"("x")", 0, ""},
      {"null", 0, ""},
      {R"([{"labels":{"a":"b"}},7])", 1, "/1"},
      {R"([{"labels":{"a":"b"}},{}])", 1, "/1/labels"},
      {R"([{"labels":{"a":"b"}},{"labels":{}}])", 1, "/1/labels"},
      {R"([{"labels":{"a":""}}])", 0, "/0/labels"},
      {R"([{"labels":["a"]}])", 0, "/0/labels"},
      {R"([{"labels":{"a":1}}])", 0, "/0/labels/a"},
      {R"([{"labels":{"a":null,"b":"c"}}])", 0, "/0/labels/a"},
      {R"([{"labels":{"":"x"}}])", 0, "/0/labels/"},
      {R"([{"labels":{"a\nb":"x"}}])", 0, "/0/labels/a?b"},
      {R"([{"labels":{"a/b~c":1}}])", 0, "/0/labels/a~1b~0c"},
      {R"([{"labels":{"a":"x\u0000y"}}])", 0, "/0/labels/a"},
      {R"([{"labels":{"a":"b"},"annotations":{"s":[]}}])", 0, "/0/annotations/s"},
      {R"([{"labels":{"a":"b"},"annotations":"s"}])", 0, "/0/annotations"},
      {R"([{"labels":{"a":"b"},"startsAt":"yesterday"}])", 0, "/0/startsAt"},
      {R"([{"labels":{"a":"b"},"startsAt":1772413800}])", 0, "/0/startsAt"},
      {R"([{"labels":{"a":"b"},"startsAt":"2026-03-02T01:00:00"}])", 0, "/0/startsAt"},
      {R"([{"labels":{"a":"b"},"startsAt":"2026-02-30T01:00:00Z"}])", 0, "/0/startsAt"},
      {R"([{"labels":{"a":"b"},"startsAt":"2026-03-02T01:00:00Z","endsAt":"2026-03-02T00:00:00Z"}])", 0, "/0/endsAt"},
      {R"([{"labels":{"a":"b"},"generatorURL":5}])", 0, "/0/generatorURL"},
  };
  for (const Malformed& m : corpus) {
    auto d = decode_alertmanager(body(m.text), now);
    EXPECT_FALSE(d.ok()) << m.text;
    EXPECT_TRUE(d.reports.empty()) << m.text;
    ASSERT_FALSE(d.problems.empty()) << m.text;
    EXPECT_EQ(d.problems[0].index, m.index) << m.text;
    EXPECT_EQ(d.problems[0].path, m.path) << m.text;
    ASSERT_FALSE(d.status());
    EXPECT_EQ(d.status().error().code, Code::invalid);
  }
}

TEST(AlertmanagerAlerts, LimitsHold) {
  AlertLimits small{.alerts = 2, .labels = 2, .name = 4, .value = 5, .annotation = 6, .url = 7};
  auto fails_at = [&](const char* text, const char* path) {
    auto d = decode_alertmanager(body(text), now, small);
    return !d.ok() && d.problems[0].path == path;
  };
  EXPECT_TRUE(
      decode_alertmanager(
          body(R"([{"labels":{"abcd":"12345","b":"x","c":""},"annotations":{"a":"123456"},"generatorURL":"1234567"}])"),
          now, small)
          .ok());
  EXPECT_TRUE(fails_at(R"([{"labels":{"abcde":"x"}}])", "/0/labels/abcde"));
  EXPECT_TRUE(fails_at(R"([{"labels":{"a":"123456"}}])", "/0/labels/a"));
  EXPECT_TRUE(fails_at(R"([{"labels":{"a":"1","b":"2","c":"3"}}])", "/0/labels"));
  EXPECT_TRUE(fails_at(R"([{"labels":{"a":"1"},"annotations":{"a":"1234567"}}])", "/0/annotations/a"));
  EXPECT_TRUE(fails_at(R"([{"labels":{"a":"1"},"generatorURL":"12345678"}])", "/0/generatorURL"));
  auto many =
      decode_alertmanager(body(R"([{"labels":{"a":"1"}},{"labels":{"a":"2"}},{"labels":{"a":"3"}}])"), now, small);
  EXPECT_EQ(many.status().error().code, Code::limit);
}

TEST(AlertmanagerAlerts, ManyMistakesAreCountedAndTheFirstAreShown) {
  std::string text = "[";
  for (int i = 0; i < 100; ++i) text += std::string(i ? "," : "") + R"({"labels":{}})";
  auto d = decode_alertmanager(body(text + "]"), now);
  EXPECT_EQ(d.problem_count, 100u);
  EXPECT_EQ(d.problems.size(), 20u);
  EXPECT_EQ(d.problem_list().as_list().size(), 20u);
  EXPECT_NE(d.status().error().message.find("99 more"), std::string::npos);
  AlertIntake intake;
  intake.count(d);
  intake.count(decode_alertmanager(body(R"([{"labels":{"a":"b"}}])"), now));
  intake.count_unreadable();
  EXPECT_EQ(intake.to_value()["deliveries"].as_int(), 3);
  EXPECT_EQ(intake.to_value()["malformed_deliveries"].as_int(), 2);
  EXPECT_EQ(intake.to_value()["alerts"].as_int(), 1);
}

TEST(Fingerprint, AgreesWithTheOneAlertmanagerWrites) {
  // As Alertmanager 0.25 shows this label set at GET /api/v2/alerts.
  auto d = decode_alertmanager(body(R"([{"labels":{"alertname":"Peer","job":"node","severity":"critical"}}])"), now);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(correlation::fingerprint(d.reports[0].labels), "4319678246b8a9eb");
}

// ---- Alertmanager webhook ------------------------------------------------------------------------------------

const char* const webhook = R"({"receiver":"anlan hook","status":"firing","alerts":[
  {"status":"firing","labels":{"alertname":"Down","job":"node"},"annotations":{"summary":"s"},
   "startsAt":"2026-03-02T01:00:00.5+00:00",
   "endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"1c2d"},
  {"status":"resolved","labels":{"alertname":"Down","job":"db"},"annotations":{},"startsAt":"2026-03-02T01:00:00Z",
   "endsAt":"2026-03-02T01:20:00Z","generatorURL":"http://x","fingerprint":"1c2e"}],
  "groupLabels":{"alertname":"Down"},"commonLabels":{},"commonAnnotations":{},
  "externalURL":"http://am:9093","version":"4",
  "groupKey":"{}:{alertname=\"Down\"}","truncatedAlerts":0})";

TEST(AlertmanagerWebhook, StatusDecides) {
  auto d = decode_alertmanager_webhook(body(webhook), now);
  ASSERT_TRUE(d.ok());
  ASSERT_EQ(d.reports.size(), 2u);
  EXPECT_TRUE(d.reports[0].firing());
  EXPECT_FALSE(d.reports[0].alive_until);
  EXPECT_EQ(d.reports[0].source, "alertmanager:anlan_hook");
  EXPECT_TRUE(d.reports[0].sweeps);
  EXPECT_FALSE(d.reports[1].firing());  // even though that clock runs ahead of ours
  EXPECT_EQ(d.reports[0].sender_group, "{}:{alertname=\"Down\"}");
}

TEST(AlertmanagerWebhook, RefusesWhatIsNone) {
  for (auto [text, path] :
       {std::pair{"[]", ""}, std::pair{R"({"version":"3","alerts":[]})", "/version"},
        std::pair{R"({"version":"4"})", "/alerts"}, std::pair{R"({"version":"4","alerts":{}})", "/alerts"},
        std::pair{R"({"version":"4","alerts":[{"labels":{"a":"b"}}]})", "/alerts/0/status"},
        std::pair{R"({"version":"4","alerts":[{"status":"firing"}]})", "/alerts/0/labels"},
        std::pair{R"({"version":"4","receiver":1,"alerts":[]})", "/receiver"}}) {
    auto d = decode_alertmanager_webhook(body(text), now);
    ASSERT_FALSE(d.ok()) << text;
    EXPECT_EQ(d.problems[0].path, path) << text;
  }
}

// ---- generic -------------------------------------------------------------------------------------------------

TEST(GenericWebhook, OneOrMany) {
  auto one = decode_generic(
      body(
          R"({"name":"专线中断","severity":"critical","title":"浙江专线中断","labels":{"line":"zj-1"},"stands_for":"10m"})"),
      now);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one.reports[0].labels, body(R"({"alertname":"专线中断","severity":"critical","line":"zj-1"})"));
  EXPECT_EQ(one.reports[0].annotations["summary"].as_string(), "浙江专线中断");
  EXPECT_EQ(*one.reports[0].alive_until, now + minutes(10));
  auto many = decode_generic(
      body(R"({"source":"dc/room","alerts":[{"name":"A","status":"resolved"},{"labels":{"alertname":"B"}}]})"), now);
  ASSERT_TRUE(many.ok());
  EXPECT_EQ(many.reports[0].source, "generic:dc_room");
  EXPECT_EQ(*many.reports[0].ends_at, now);
  EXPECT_TRUE(many.reports[1].firing());
}

TEST(GenericWebhook, NamesMistakes) {
  for (auto [text, path] :
       {std::pair{"[]", ""}, std::pair{"{}", "/name"}, std::pair{R"({"name":" "})", "/name"},
        std::pair{R"({"name":"A","stauts":"resolved"})", "/stauts"},
        std::pair{R"({"name":"A","status":"ok"})", "/status"},
        std::pair{R"({"name":"A","ends_at":"2026-03-02T01:00:00Z"})", "/ends_at"},
        std::pair{R"({"name":"A","stands_for":"1s"})", "/stands_for"},
        std::pair{R"({"name":"A","stands_for":"forever"})", "/stands_for"},
        std::pair{R"({"alerts":[{"name":"A"},{"name":"B","labels":{"x":1}}]})", "/alerts/1/labels/x"},
        std::pair{R"({"alerts":[],"name":"A"})", "/name"}, std::pair{R"({"alerts":7})", "/alerts"}}) {
    auto d = decode_generic(body(text), now);
    ASSERT_FALSE(d.ok()) << text;
    EXPECT_EQ(d.problems[0].path, path) << text;
  }
}

// ---- Zabbix --------------------------------------------------------------------------------------------------

TEST(ZabbixWebhook, ProblemAndRecoveryAreOneAlert) {
  const char* problem =
      R"({"event_name":"Disk full on db1","event_value":"1","trigger_id":"10042","host":"db1",
    "severity":"High","tags":"[{\"tag\":\"svc\",\"value\":\"x\"},{\"tag\":\"zone\",\"value\":\"b\"},)"
      R"({\"tag\":\"zone\",\"value\":\"a\"},{\"tag\":\"night\",\"value\":\"\"}]",
    "event_date":"2026.03.02","event_time":"09:00:00",
    "recovery_date":"{EVENT.RECOVERY.DATE}","recovery_time":"{EVENT.RECOVERY.TIME}","opdata":"*UNKNOWN*"})";
  const char* recovery =
      R"({"event_name":"Disk full on db1","event_value":"0","trigger_id":10042,"host":"db1","severity":"High",
    "tags":[{"tag":"zone","value":"a"},{"tag":"night","value":""},{"tag":"svc","value":"x"},
    {"tag":"zone","value":"b"}],"event_date":"2026.03.02","event_time":"09:00:00",
    "recovery_date":"2026.03.02","recovery_time":"09:05:00"})";
  auto p = decode_zabbix(body(problem), now), r = decode_zabbix(body(recovery), now);
  ASSERT_TRUE(p.ok()) << p.status().error().message;
  ASSERT_TRUE(r.ok()) << r.status().error().message;
  EXPECT_EQ(p.reports[0].labels, r.reports[0].labels);
  EXPECT_EQ(p.reports[0].labels["tag_zone"].as_string(), "a,b");
  EXPECT_EQ(p.reports[0].labels["severity"].as_string(), "high");
  EXPECT_EQ(format_rfc3339(*p.reports[0].starts_at, 480), "2026-03-02T09:00:00+08:00");
  EXPECT_TRUE(p.reports[0].firing());
  EXPECT_EQ(format_rfc3339(*r.reports[0].ends_at, 480), "2026-03-02T09:05:00+08:00");
  EXPECT_TRUE(p.reports[0].annotations["description"].is_null());
}

TEST(ZabbixWebhook, NamesMistakes) {
  auto with = [](const char* key, const char* value) {
    return body(R"({"event_name":"n","event_value":"1","trigger_id":"1","host":"h"})").with(key, value);
  };
  EXPECT_TRUE(decode_zabbix(with("utc_offset", "+08:00"), now).ok());
  for (auto [key, value] :
       {std::pair{"event_value", "2"}, std::pair{"host", "{HOST.NAME}"}, std::pair{"event_name", ""},
        std::pair{"tags", "[{"}, std::pair{"tags", "[{\"tag\":\"\"}]"}, std::pair{"tags", "{\"a\":1}"}}) {
    auto d = decode_zabbix(with(key, value), now);
    ASSERT_FALSE(d.ok()) << key << value;
    EXPECT_EQ(d.problems[0].path, std::string("/") + key);
  }
  EXPECT_FALSE(decode_zabbix(with("event_date", "2.3.2026").with("event_time", "09:00:00"), now).ok());
}

// ---- anything --------------------------------------------------------------------------------------------------

rc::Gen<Value> any_value(int depth) {
  static const std::vector<std::string> words{
      "labels", "annotations",          "startsAt", "endsAt", "status",  "firing", "resolved", "alerts", "version", "4",
      "name",   "2026-03-02T01:00:00Z", "",         "a",      "severity"};
  auto word = rc::gen::elementOf(words);
  std::vector<rc::Gen<Value>> kinds{rc::gen::just(Value()), rc::gen::just(Value(7)), rc::gen::just(Value(true)),
                                    rc::gen::map(word, [](const std::string& s) { return Value(s); })};
  if (depth > 0) {
    auto inner = rc::gen::lazy([depth] { return any_value(depth - 1); });
    kinds.push_back(rc::gen::map(rc::gen::resize(5, rc::gen::container<List>(inner)), [](List l) { return Value(l); }));
    kinds.push_back(rc::gen::map(rc::gen::resize(6, rc::gen::container<std::map<std::string, Value>>(word, inner)),
                                 [](const std::map<std::string, Value>& m) {
                                   Map members;
                                   for (const auto& [key, value] : m) members.emplace(key, value);
                                   return Value(std::move(members));
                                 }));
  }
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, kinds.size()), [kinds](std::size_t i) { return kinds[i]; });
}

TEST(Decoders, TakeAllOrNothingOfAnyDocument) {
  EXPECT_TRUE(rc::check("reports or problems, never both; every report is whole", [] {
    Value v = *rc::gen::noShrink(any_value(4));
    for (auto decode : {decode_alertmanager, decode_alertmanager_webhook, decode_generic, decode_zabbix}) {
      DecodedAlerts d = decode(v, now, AlertLimits{});
      RC_ASSERT(d.ok() == d.problems.empty());
      RC_ASSERT((d.ok() || d.reports.empty()));
      for (const auto& r : d.reports) {
        RC_ASSERT(!r.labels.as_map().empty());
        RC_ASSERT((!(r.ends_at && r.alive_until)));
        for (const auto& [name, value] : r.labels.as_map()) RC_ASSERT((!name.empty() && !value.as_string().empty()));
      }
    }
  }));
}

// ---- answers ---------------------------------------------------------------------------------------------------

TEST(Filters, AreReadAsAmtoolWritesThem) {
  auto filters = parse_alert_filters({"alertname=\"A \\\"b\\\"\"", "{job=node,severity!=\"info\"}"});
  ASSERT_TRUE(filters);
  ASSERT_EQ(filters->size(), 3u);
  EXPECT_EQ((*filters)[0].value, "A \"b\"");
  EXPECT_EQ((*filters)[2].equal, false);
  for (const char* bad : {"x", "=x", ",a=b", "\"\"=b", "a=~\"b.*\"", "a!~b", "a=\"b", "a=\"b\"c", "a!b"})
    EXPECT_FALSE(parse_alert_filters({bad})) << bad;
}

TEST(Answers, ShowWhatStands) {
  app::AlertRow row{
      .fingerprint = "f", .labels = body(R"({"alertname":"A","job":"node"})"), .outcome = "open", .reason = Map{}};
  app::AlertRow quiet = row, bucket = row, over = row;
  quiet.outcome = "suppress";
  quiet.reason = Map{{"quiet", "night"}};
  bucket.outcome = "unmapped";
  over.ends_at = now;
  Value all = alertmanager_alerts({row, quiet, bucket, over}, {});
  ASSERT_EQ(all.as_list().size(), 3u);
  EXPECT_EQ(all.as_list()[0]["status"]["state"].as_string(), "active");
  EXPECT_EQ(all.as_list()[1]["status"]["silencedBy"], Value(List{"night"}));
  EXPECT_EQ(all.as_list()[2]["status"]["state"].as_string(), "unprocessed");
  for (const char* key :
       {"labels", "annotations", "startsAt", "endsAt", "updatedAt", "fingerprint", "receivers", "status"})
    EXPECT_FALSE(all.as_list()[0][key].is_null()) << key;
  EXPECT_EQ(alertmanager_alerts({row, quiet, bucket}, {.silenced = false, .unprocessed = false}).as_list().size(), 1u);
  EXPECT_EQ(alertmanager_alerts({row}, {.filters = {{"job", "db", true}}}).as_list().size(), 0u);
}

TEST(Answers, StatusAndSilencesHaveWhatTheApiRequires) {
  Value status = alertmanager_status("0.1", now, "");
  for (const char* key : {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"})
    EXPECT_TRUE(status["versionInfo"][key].is(Value::Kind::string)) << key;
  EXPECT_TRUE(status["config"]["original"].is(Value::Kind::string));
  EXPECT_EQ(status["uptime"].as_string(), "2026-03-02T01:10:00.000Z");
  correlation::Quiet quiet{.key = "q",
                           .match = *correlation::parse_match("job=node,instance=db.*|x"),
                           .from = now - hours(1),
                           .to = now + hours(1),
                           .reason = "换盘"};
  Value silences = alertmanager_silences({quiet}, {}, now);
  ASSERT_EQ(silences.as_list().size(), 1u);
  const Value& silence = silences.as_list()[0];
  EXPECT_EQ(silence["status"]["state"].as_string(), "active");
  EXPECT_EQ(silence["matchers"].as_list()[0]["value"].as_string(), "db\\..*|x");
  EXPECT_TRUE(silence["matchers"].as_list()[0]["isRegex"].as_bool());
  EXPECT_FALSE(silence["matchers"].as_list()[1]["isRegex"].as_bool());
  EXPECT_EQ(alertmanager_silences({quiet}, {{"job", "x", true}}, now).as_list().size(), 0u);
}

}  // namespace
}  // namespace anlan::connectors
