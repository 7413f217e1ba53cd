#include "app/incoming.h"

#include "app/tickets.h"

namespace anlan::app {

AlertHooks ticket_hooks(Platform& platform, Txn& txn, const engine::Actor& actor) {
  AlertHooks hooks;
  engine::Actor opener = actor;
  opener.machine = true;
  hooks.open_ticket = [&platform, &txn, opener](const IncidentSeed& seed) -> Result<std::string> {
    const auto* process = platform.definitions().process(seed.process);
    if (!process || !process->opening()) return fail(Code::invalid, "the rule names a process that does not exist: " + seed.process);
    // The seed says more than some processes ask for: what the opening action does not take is left in the event.
    Map fields;
    for (const auto& [key, v] : seed.fields().as_map())
      for (const auto& takes : process->opening()->fields)
        if (takes.field == key && !v.is_null()) fields.emplace(key, v);
    // Refused, it leaves nothing behind, not even a number taken.
    Value opened;
    ANLAN_CHECK(platform.attempt(txn, [&]() -> Status {
      ANLAN_TRY(opened, open_as_platform(platform, txn, opener, {seed.process, Value(std::move(fields)), {}, false}));
      return {};
    }));
    std::string number = opened["number"].as_string();
    ANLAN_TRY([[maybe_unused]] Position position,
              txn.append({0, "ticket:" + number, "ticket.alert_opened", platform.now(), opener.id,
                          Value(Map{{"rule", seed.rule}, {"group", seed.alert_group}, {"zh", seed.reason.zh}, {"en", seed.reason.en}, {"alert", seed.alert}})}));
    return number;
  };
  hooks.tell_ticket = [&platform, &txn](const std::string& number, const std::string& what, const Value& alert) -> Status {
    auto on = what == "resolved" ? engine::ReactionDef::On::alert_resolved : engine::ReactionDef::On::alert_fired;
    return react(platform, txn, number, on, {}, what, alert.with("what", what));
  };
  hooks.ticket_open = [&txn](const std::string& number) -> Result<bool> {
    ANLAN_TRY(std::optional<TicketRow> row, txn.ticket(number));
    return row && row->open;
  };
  return hooks;
}

correlation::RuleSet load_correlation(const engine::Definitions& definitions, std::vector<correlation::Problem>& problems) {
  std::vector<Value> documents;
  for (const auto& [path, document] : definitions.extra)
    if (path.starts_with("correlation/")) documents.push_back(document);
  auto rules = correlation::load_rules(documents, problems);
  for (const auto& rule : rules.rules)
    if (rule.action == correlation::Action::open && !definitions.process(rule.process))
      problems.push_back({0, "rules." + rule.key + ".process", rule.process.empty() ? "say which process the rule opens" : "there is no process '" + rule.process + "'"});
  return rules;
}

}  // namespace anlan::app
