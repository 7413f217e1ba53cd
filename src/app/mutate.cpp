// One rule changed at a time: a change that no scenario notices is a rule that no scenario tests.
#include <fmt/format.h>

#include <algorithm>

#include "app/rehearse.h"

namespace anlan::app {
namespace {

using engine::Definitions;
using engine::ProcessDef;

// Definitions with one process replaced.
std::shared_ptr<const Definitions> with_process(const Definitions& original, const std::string& key, std::function<bool(ProcessDef&)> change) {
  auto process = std::make_shared<ProcessDef>(*original.process(key));
  if (!change(*process)) return nullptr;
  auto copy = std::make_shared<Definitions>(original);
  copy->processes[key].back() = std::move(process);
  return copy;
}

std::optional<expr::Program> recompile(const std::string& source, const expr::Scope& scope, const expr::Type& type) {
  auto program = expr::compile(source, scope, type);
  if (!program) return {};
  return std::move(*program);
}

class Maker {
 public:
  explicit Maker(std::shared_ptr<const Definitions> definitions) : definitions_(std::move(definitions)) {}

  std::vector<Mutant> all() {
    for (const auto& [key, shapes] : definitions_->processes)
      if (!shapes.empty()) process(*shapes.back());
    for (const auto& [key, def] : definitions_->records) record(def);
    for (const auto& [key, def] : definitions_->parameters) parameter(def);
    for (const auto& [key, def] : definitions_->plans) plan(def);
    return std::move(out_);
  }

 private:
  using Change = std::function<bool(ProcessDef&)>;

  void add(const ProcessDef& p, const std::string& id, const engine::Basis& basis, const std::string& what, const std::string& touches, Change change) {
    auto definitions = definitions_;
    std::string key = p.key;
    out_.push_back({p.key + "/" + id, basis.where, what, touches, basis.req,
                    [definitions, key, change] { return with_process(*definitions, key, change); }});
  }

  // Every mutation of one program of the process, reached through `at`.
  void programs(const ProcessDef& p, const std::string& id, const engine::Basis& basis, const expr::Program& program, const std::string& touches,
                std::function<expr::Program*(ProcessDef&)> at) {
    if (program.empty()) return;
    std::size_t n = 0;
    for (const auto& mutation : program.mutations()) {
      std::string source = mutation.source;
      expr::Type type = program.type();
      add(p, fmt::format("{}/expr:{}", id, ++n), basis, fmt::format("{} in: {}", mutation.what, program.source()), touches,
          [source, type, at](ProcessDef& q) {
            auto mutated = recompile(source, q.scope, type);
            expr::Program* place = at(q);
            if (!mutated || !place) return false;
            *place = std::move(*mutated);
            return true;
          });
    }
  }

  void process(const ProcessDef& p) {
    for (std::size_t a = 0; a < p.actions.size(); ++a) {
      const auto& action = p.actions[a];
      std::string touched = p.key + "/" + action.key;
      for (std::size_t g = 0; g < action.guards.size(); ++g) {
        const auto& guard = action.guards[g];
        std::string id = fmt::format("{}/guard:{}", action.key, guard.code);
        add(p, id + "/drop", guard.basis, "drop the guard", touched, [a, g](ProcessDef& q) {
          q.actions[a].guards.erase(q.actions[a].guards.begin() + static_cast<std::ptrdiff_t>(g));
          return true;
        });
        programs(p, id, guard.basis, guard.condition, touched, [a, g](ProcessDef& q) { return &q.actions[a].guards[g].condition; });
      }
      for (std::size_t f = 0; f < action.fields.size(); ++f)
        if (action.fields[f].required)
          add(p, fmt::format("{}/required:{}", action.key, action.fields[f].field), action.basis, "no longer required", touched, [a, f](ProcessDef& q) {
            q.actions[a].fields[f].required = false;
            return true;
          });
      if (action.comment_required)
        add(p, action.key + "/comment", action.basis, "reason no longer required", touched, [a](ProcessDef& q) {
          q.actions[a].comment_required = false;
          return true;
        });
      for (std::size_t r = 0; r < action.by.size(); ++r) {
        if (action.by.size() > 1)
          add(p, fmt::format("{}/by:{}/drop", action.key, action.by[r]), action.basis, "this role may no longer do it", touched, [a, r](ProcessDef& q) {
            q.actions[a].by.erase(q.actions[a].by.begin() + static_cast<std::ptrdiff_t>(r));
            return true;
          });
      }
      if (!action.by.empty())
        add(p, action.key + "/by/anyone", action.basis, "anybody may do it", touched, [a](ProcessDef& q) {
          // Widened on a role of its own, so that only this action changes.
          engine::RoleDef role;
          role.key = "mutant_anyone";
          role.who.emplace_back();
          q.roles.push_back(role);
          q.actions[a].by.push_back(role.key);
          return true;
        });
      for (std::size_t e = 0; e < action.effects.size(); ++e) {
        const auto& effect = action.effects[e];
        add(p, fmt::format("{}/effect:{}/drop", action.key, e), effect.basis.req.empty() ? action.basis : effect.basis, "drop the effect", touched, [a, e](ProcessDef& q) {
          q.actions[a].effects.erase(q.actions[a].effects.begin() + static_cast<std::ptrdiff_t>(e));
          return true;
        });
      }
    }
    for (std::size_t r = 0; r < p.roles.size(); ++r) {
      const auto& role = p.roles[r];
      for (std::size_t d = 0; d < role.differs_from.size(); ++d)
        add(p, fmt::format("role:{}/differs:{}/drop", role.key, role.differs_from[d].seat), role.differs_from[d].basis.req.empty() ? role.basis : role.differs_from[d].basis,
            "drop the separation", p.key, [r, d](ProcessDef& q) {
              q.roles[r].differs_from.erase(q.roles[r].differs_from.begin() + static_cast<std::ptrdiff_t>(d));
              return true;
            });
      if (role.internal)
        add(p, fmt::format("role:{}/internal", role.key), role.basis, "externals may", p.key, [r](ProcessDef& q) {
          q.roles[r].internal = false;
          return true;
        });
      if (role.keeps)
        add(p, fmt::format("role:{}/keeps", role.key), role.basis, "no longer kept by one person", p.key, [r](ProcessDef& q) {
          q.roles[r].keeps = false;
          return true;
        });
    }
    for (std::size_t f = 0; f < p.fields.size(); ++f) {
      const auto& field = p.fields[f];
      if (field.required)
        add(p, fmt::format("field:{}/required", field.key), field.basis, "no longer required", p.key, [f](ProcessDef& q) {
          q.fields[f].required = false;
          return true;
        });
      for (std::size_t s = 0; s < field.required_in.size(); ++s)
        add(p, fmt::format("field:{}/required_in:{}", field.key, field.required_in[s]), field.basis, "no longer required there", p.key, [f, s](ProcessDef& q) {
          q.fields[f].required_in.erase(q.fields[f].required_in.begin() + static_cast<std::ptrdiff_t>(s));
          return true;
        });
      if (!field.check.empty())
        add(p, fmt::format("field:{}/check", field.key), field.basis, "no longer checked", p.key, [f](ProcessDef& q) {
          q.fields[f].check = {};
          return true;
        });
    }
    for (std::size_t d = 0; d < p.decisions.size(); ++d) {
      const auto& decision = p.decisions[d];
      for (std::size_t r = 0; r < decision.rows.size(); ++r) {
        const auto& row = decision.rows[r];
        std::string id = fmt::format("decision:{}/row:{}", decision.key, r + 1);
        add(p, id + "/drop", row.basis, "drop the row", p.key, [d, r](ProcessDef& q) {
          q.decisions[d].rows.erase(q.decisions[d].rows.begin() + static_cast<std::ptrdiff_t>(r));
          return true;
        });
        programs(p, id, row.basis, row.condition, p.key, [d, r](ProcessDef& q) { return &q.decisions[d].rows[r].condition; });
      }
      if (decision.raises_only)
        add(p, fmt::format("decision:{}/raises_only", decision.key), decision.basis, "may fall by itself", p.key, [d](ProcessDef& q) {
          q.decisions[d].raises_only = false;
          return true;
        });
    }
    for (std::size_t c = 0; c < p.clocks.size(); ++c) {
      const auto& clock = p.clocks[c];
      std::string id = "clock:" + clock.key;
      programs(p, id + "/amount", clock.basis, clock.amount, p.key, [c](ProcessDef& q) { return &q.clocks[c].amount; });
      programs(p, id + "/when", clock.basis, clock.when, p.key, [c](ProcessDef& q) { return &q.clocks[c].when; });
      programs(p, id + "/stop", clock.basis, clock.stop, p.key, [c](ProcessDef& q) { return &q.clocks[c].stop; });
      if (clock.sticky)
        add(p, id + "/sticky", clock.basis, "falls with its condition", p.key, [c](ProcessDef& q) {
          q.clocks[c].sticky = false;
          return true;
        });
      if (!clock.pause.empty())
        add(p, id + "/pause", clock.basis, "never pauses", p.key, [c](ProcessDef& q) {
          q.clocks[c].pause = {};
          return true;
        });
      for (std::size_t s = 0; s < clock.ladder.size(); ++s)
        add(p, fmt::format("{}/step:{}", id, s), clock.ladder[s].basis.req.empty() ? clock.basis : clock.ladder[s].basis, "drop the step", p.key, [c, s](ProcessDef& q) {
          q.clocks[c].ladder.erase(q.clocks[c].ladder.begin() + static_cast<std::ptrdiff_t>(s));
          return true;
        });
      add(p, id + "/drop", clock.basis, "drop the clock", p.key, [c](ProcessDef& q) {
        q.clocks.erase(q.clocks.begin() + static_cast<std::ptrdiff_t>(c));
        return true;
      });
    }
    for (std::size_t s = 0; s < p.stopwatches.size(); ++s) {
      const auto& watch = p.stopwatches[s];
      if (!watch.where.empty())
        add(p, fmt::format("stopwatch:{}/where", watch.key), watch.basis, "every row counts", p.key, [s](ProcessDef& q) {
          q.stopwatches[s].where = {};
          return true;
        });
      if (!watch.calendar.empty())
        add(p, fmt::format("stopwatch:{}/calendar", watch.key), watch.basis, "counts round the clock", p.key, [s](ProcessDef& q) {
          q.stopwatches[s].calendar = {};
          return true;
        });
    }
    for (std::size_t t = 0; t < p.tasks.size(); ++t) {
      const auto& task = p.tasks[t];
      std::string id = "task:" + task.key;
      using Rule = engine::TaskDef::Quorum::Rule;
      // A quorum matters only where something waits for it; guards count the answers themselves.
      bool awaited = std::any_of(p.reactions.begin(), p.reactions.end(), [&](const engine::ReactionDef& reaction) {
        return reaction.on == engine::ReactionDef::On::tasks_done && reaction.key == task.key;
      });
      if (awaited && task.quorum.rule == Rule::all && !task.for_each.empty())
        add(p, id + "/quorum", task.basis, "one answer is enough", p.key, [t](ProcessDef& q) {
          q.tasks[t].quorum.rule = Rule::any;
          return true;
        });
      if (task.quorum.rule == Rule::share) {
        add(p, id + "/quorum/answered", task.basis, "half as many need to answer", p.key, [t](ProcessDef& q) {
          q.tasks[t].quorum.answered_den *= 2;
          return true;
        });
        add(p, id + "/quorum/agreed", task.basis, "half as many need to agree", p.key, [t](ProcessDef& q) {
          q.tasks[t].quorum.agreed_den *= 2;
          return true;
        });
      }
      if (task.internal)
        add(p, id + "/internal", task.basis, "externals may answer", p.key, [t](ProcessDef& q) {
          q.tasks[t].internal = false;
          return true;
        });
      if (task.in_order)
        add(p, id + "/in_order", task.basis, "any order", p.key, [t](ProcessDef& q) {
          q.tasks[t].in_order = false;
          return true;
        });
      for (std::size_t g = 0; g < task.guards.size(); ++g) {
        const auto& guard = task.guards[g];
        std::string of = fmt::format("{}/guard:{}", id, guard.code);
        add(p, of + "/drop", guard.basis, "drop the guard", p.key, [t, g](ProcessDef& q) {
          q.tasks[t].guards.erase(q.tasks[t].guards.begin() + static_cast<std::ptrdiff_t>(g));
          return true;
        });
        programs(p, of, guard.basis, guard.condition, p.key, [t, g](ProcessDef& q) { return &q.tasks[t].guards[g].condition; });
      }
      if (!task.covers.empty())
        add(p, id + "/covers", task.basis, "binds nothing", p.key, [t](ProcessDef& q) {
          q.tasks[t].covers.clear();
          return true;
        });
      for (std::size_t d = 0; d < task.differs_from.size(); ++d)
        add(p, fmt::format("{}/differs:{}", id, task.differs_from[d].seat), task.basis, "drop the separation", p.key, [t, d](ProcessDef& q) {
          q.tasks[t].differs_from.erase(q.tasks[t].differs_from.begin() + static_cast<std::ptrdiff_t>(d));
          return true;
        });
      for (std::size_t f = 0; f < task.fields.size(); ++f)
        if (task.fields[f].required)
          add(p, fmt::format("{}/required:{}", id, task.fields[f].key), task.fields[f].basis, "no longer required", p.key, [t, f](ProcessDef& q) {
            q.tasks[t].fields[f].required = false;
            return true;
          });
    }
    for (std::size_t r = 0; r < p.reactions.size(); ++r)
      add(p, fmt::format("reaction:{}:{}", r, p.reactions[r].action), p.reactions[r].basis, "drop the reaction", p.key, [r](ProcessDef& q) {
        q.reactions.erase(q.reactions.begin() + static_cast<std::ptrdiff_t>(r));
        return true;
      });
  }

  void record(const engine::RecordDef& def) {
    auto definitions = definitions_;
    std::string key = def.key;
    for (std::size_t g = 0; g < def.guards.size(); ++g) {
      out_.push_back({fmt::format("record:{}/guard:{}/drop", key, def.guards[g].code), def.guards[g].basis.where, "drop the guard", "record:" + key,
                      def.guards[g].basis.req, [definitions, key, g] {
                        auto copy = std::make_shared<Definitions>(*definitions);
                        auto& guards = copy->records.at(key).guards;
                        guards.erase(guards.begin() + static_cast<std::ptrdiff_t>(g));
                        return std::shared_ptr<const Definitions>(copy);
                      }});
      std::size_t n = 0;
      for (const auto& mutation : def.guards[g].condition.mutations()) {
        std::string source = mutation.source;
        out_.push_back({fmt::format("record:{}/guard:{}/expr:{}", key, def.guards[g].code, ++n), def.guards[g].basis.where,
                        fmt::format("{} in: {}", mutation.what, def.guards[g].condition.source()), "record:" + key, def.guards[g].basis.req,
                        [definitions, key, g, source]() -> std::shared_ptr<const Definitions> {
                          auto copy = std::make_shared<Definitions>(*definitions);
                          auto& record = copy->records.at(key);
                          auto program = recompile(source, record.scope, record.guards[g].condition.type());
                          if (!program) return nullptr;
                          record.guards[g].condition = std::move(*program);
                          return copy;
                        }});
      }
    }
    for (std::size_t u = 0; u < def.unique.size(); ++u)
      out_.push_back({fmt::format("record:{}/unique:{}", key, u), def.basis.where, "no longer unique", "record:" + key, def.basis.req, [definitions, key, u] {
                        auto copy = std::make_shared<Definitions>(*definitions);
                        auto& unique = copy->records.at(key).unique;
                        unique.erase(unique.begin() + static_cast<std::ptrdiff_t>(u));
                        return std::shared_ptr<const Definitions>(copy);
                      }});
  }

  void parameter(const engine::ParameterDef& def) {
    auto definitions = definitions_;
    std::string key = def.key;
    auto add = [&](const char* what, std::function<void(engine::ParameterDef&)> change) {
      out_.push_back({fmt::format("parameter:{}/{}", key, what), def.basis.where, what, "parameter:" + key, def.basis.req, [definitions, key, change] {
                        auto copy = std::make_shared<Definitions>(*definitions);
                        change(copy->parameters.at(key));
                        return std::shared_ptr<const Definitions>(copy);
                      }});
    };
    if (def.min) add("no lower bound", [](engine::ParameterDef& p) { p.min.reset(); });
    if (def.max) add("no upper bound", [](engine::ParameterDef& p) { p.max.reset(); });
    if (!def.approval_post.empty()) add("no approval", [](engine::ParameterDef& p) { p.approval_post.clear(); });
  }

  void plan(const engine::PlanDef& def) {
    auto definitions = definitions_;
    std::string key = def.key;
    out_.push_back({"plan:" + key + "/drop", def.basis.where, "drop the plan", def.process, def.basis.req, [definitions, key] {
                      auto copy = std::make_shared<Definitions>(*definitions);
                      copy->plans.erase(key);
                      return std::shared_ptr<const Definitions>(copy);
                    }});
  }

  std::shared_ptr<const Definitions> definitions_;
  std::vector<Mutant> out_;
};

}  // namespace

std::vector<Mutant> mutants(std::shared_ptr<const Definitions> definitions) { return Maker(std::move(definitions)).all(); }

}  // namespace anlan::app
