#include "domain/correlation/correlation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace anlan::correlation {

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::open:
      return "open";
    case Outcome::join:
      return "join";
    case Outcome::suppress:
      return "suppress";
    case Outcome::unmapped:
      return "unmapped";
    case Outcome::resolve:
      return "resolve";
    case Outcome::repeat:
      return "repeat";
  }
  return "repeat";
}

std::optional<Outcome> outcome_from(std::string_view text) {
  for (Outcome o :
       {Outcome::open, Outcome::join, Outcome::suppress, Outcome::unmapped, Outcome::resolve, Outcome::repeat})
    if (name(o) == text) return o;
  return {};
}

std::string group_key(const Rule* rule, const Value& labels) {
  static const std::vector<std::string> by_name{"alertname"};
  const std::vector<std::string>& names = rule ? rule->group_by : by_name;
  std::string out = (rule ? rule->key : std::string("-")) + "/{";
  Map parts;
  bool plain = true;
  for (const std::string& label : names) {
    const std::string& value = labels[label].as_string();
    out += fmt::format("{}{}=\"", parts.empty() ? "" : ",", label);
    for (char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      bool control = static_cast<unsigned char>(c) < 0x20;
      plain = plain && !control;
      out += control ? ' ' : c;
    }
    out += '"';
    parts.emplace(label, value);
  }
  out += '}';
  // The key names timers and settings: it stays readable where it can, and short. What was cut or made a space is told
  // apart by a digest.
  if (plain && out.size() <= 240) return out;
  std::size_t cut = std::min<std::size_t>(out.size(), 200);
  while (cut > 0 && cut < out.size() && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80) --cut;
  return out.substr(0, cut) + "#" + fingerprint(Value(std::move(parts)));
}

namespace {

const Quiet* quiet_for(const Value& labels, const Interval& episode, const Policy& policy, Instant now) {
  // A quiet time covers what stands in it now, and what came and went inside it however late we hear of it.
  auto covers = [&](const Quiet& q) {
    bool now_inside = q.from <= now && now < q.to && !(episode.to && *episode.to <= q.from);
    bool lay_inside = episode.to && q.from <= episode.from && *episode.to <= q.to;
    return (now_inside || lay_inside) && q.match.fits(labels);
  };
  for (const auto* list : {&policy.rules.quiet, &policy.quiet}) {
    for (const Quiet& q : *list) {
      if (covers(q)) return &q;
    }
  }
  return nullptr;
}

Text with_because(Text text, const Rule& rule) {
  if (rule.because.empty()) return text;
  return {text.zh + "：" + rule.because.zh, text.en + ": " + rule.because.en};
}

}  // namespace

Decision classify(const Value& labels, const Interval& episode, const Policy& policy, const Facts& facts, Instant now) {
  Decision d;
  d.rule = policy.rules.rule_for(labels);
  d.group_key = group_key(d.rule, labels);
  d.starts_at = episode.from;
  if (!d.rule) {
    d.outcome = Outcome::unmapped;
    d.reason = {"没有规则适用于此告警", "no rule fits this alert"};
    return d;
  }
  const Rule& rule = *d.rule;
  d.service_down = rule.service_down;

  if (rule.action == Action::suppress) {
    d.outcome = Outcome::suppress;
    d.reason = with_because(
        {fmt::format("按规则“{}”抑制", rule.title.zh), fmt::format("suppressed by rule “{}”", rule.title.en)}, rule);
    return d;
  }
  if (const Quiet* quiet = quiet_for(labels, episode, policy, now)) {
    d.outcome = Outcome::suppress;
    d.quiet = quiet->key;
    bool silence = quiet->kind == Quiet::Kind::silence;
    d.reason = {
        fmt::format("{}至 {}：{}", silence ? "静默" : "维护窗口", format_rfc3339(quiet->to, 480), quiet->reason),
        fmt::format("{} until {}: {}", silence ? "silenced" : "in maintenance", format_rfc3339(quiet->to, 480),
                    quiet->reason)};
    if (quiet->to > now) d.again_at = quiet->to;
    return d;
  }
  if (rule.min_for) {
    std::string length = format_duration(*rule.min_for);
    Instant due = episode.from + *rule.min_for;
    if (episode.to ? *episode.to < due : now < due) {
      d.outcome = Outcome::suppress;
      d.reason = {fmt::format("持续未满 {}", length), fmt::format("has not stood for {}", length)};
      if (!episode.to) d.again_at = due;
      return d;
    }
  }

  d.mapped = policy.mapping.map(labels);
  d.service_down = d.service_down || d.mapped.service_down;
  Text gap;
  if (d.mapped.row.empty()) {
    gap = {"告警映射中没有适用的行", "no row of the alert mapping fits"};
  } else if (d.mapped.system.empty()) {
    gap = {fmt::format("告警映射“{}”未给出系统", d.mapped.row),
           fmt::format("the alert mapping “{}” names no system", d.mapped.row)};
  } else if (facts.knows_system && !facts.knows_system(d.mapped.system)) {
    gap = {fmt::format("告警映射“{}”所指系统“{}”未登记", d.mapped.row, d.mapped.system),
           fmt::format("the alert mapping “{}” names system “{}”, which no register holds", d.mapped.row,
                       d.mapped.system)};
    d.mapped.system.clear();
  }
  d.scope_to_confirm = !gap.empty();
  bool urgent = policy.rules.urgent.fits(labels);
  if (d.scope_to_confirm && (rule.unmapped == Unmapped::bucket || (rule.unmapped == Unmapped::automatic && !urgent))) {
    d.outcome = Outcome::unmapped;
    d.reason = {gap.zh + "，待确认范围", gap.en + "; its scope is to be confirmed"};
    return d;
  }

  d.outcome = Outcome::open;
  d.reason = with_because(
      {fmt::format("按规则“{}”建单", rule.title.zh), fmt::format("opened by rule “{}”", rule.title.en)}, rule);
  if (d.scope_to_confirm) {
    bool by_rule = rule.unmapped == Unmapped::open;
    d.reason.zh += fmt::format("；{}，但{}，先建单并待确认范围", gap.zh, by_rule ? "规则要求建单" : "级别紧急");
    d.reason.en += fmt::format("; {}, yet {}, so the scope is to be confirmed on the ticket", gap.en,
                               by_rule ? "the rule says open" : "it is urgent");
  }
  return d;
}

Decision decide(const AlertReport& report, const Policy& policy, const Known& known, const Facts& facts, Instant now) {
  History history = known.history;
  History::Change change = history.fold(report, now, policy.rules.alive(report.source));
  bool active = history.active(now);

  auto finish = [&](Decision d) {
    d.changed = change.changed;
    d.active = active;
    d.starts_at = change.from;
    d.history = std::move(history);
    return d;
  };

  if (!report.firing()) {
    Decision d;
    if (known.counted && !active) {
      d.outcome = Outcome::resolve;
      d.reason = {"监控系统报告已恢复", "the monitoring system reports it resolved"};
    } else if (change.stale) {
      d.reason = {"早于所保留的历史", "older than the history that is kept"};
    } else if (active) {
      d.reason = {"另一时段仍在告警", "another episode still fires"};
    } else {
      d.reason = {"已知其已恢复", "known to be resolved"};
    }
    return finish(std::move(d));
  }

  bool again = known.again_at && *known.again_at <= now && active;
  bool revived = active && !known.counted && !change.first_told;
  bool news = change.first_told && !known.counted;
  if (!again && !revived && !news) {
    Decision d;
    d.reason = change.stale ? Text{"早于所保留的历史", "older than the history that is kept"}
                            : Text{"重复上报", "reported again"};
    return finish(std::move(d));
  }

  Interval episode{change.from, history.end_of(change.from)};
  if (again && !news) {
    // Judged by how long the alert has stood, not by the report that happened to bring it up.
    if (auto since = history.active_since(now)) episode = {*since, {}};
  }
  Decision d = classify(report.labels, episode, policy, facts, now);
  if (d.outcome == Outcome::open || d.outcome == Outcome::unmapped) {
    GroupFacts group = facts.group ? facts.group(d.group_key) : GroupFacts{};
    if (group.member && !active) {
      d.outcome = Outcome::repeat;  // an episode come late, of an alert the ticket has already
      d.reason = {"迟到的上报，已在同一工单中", "reported late; it belongs to the ticket already"};
    } else if (group.takes_joins) {
      d.outcome = Outcome::join;
      d.reason = d.rule ? Text{fmt::format("按规则“{}”并入同组工单", d.rule->title.zh),
                               fmt::format("joins the ticket of its group by rule “{}”", d.rule->title.en)}
                        : Text{"并入同组工单", "joins the ticket of its group"};
    }
  }
  return finish(std::move(d));
}

}  // namespace anlan::correlation
