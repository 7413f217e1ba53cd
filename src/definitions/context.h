// What the readers of the single words share: where problems go, what is declared elsewhere, and how expressions are
// compiled. Definitions are read twice: once quietly, to learn every name and type, then in earnest against those.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "definitions/reader.h"
#include "domain/engine/engine.h"
#include "domain/engine/model.h"

namespace anlan::definitions {

// One top-level mapping of a file.
struct Document {
  std::shared_ptr<const Source> source;
  NodePtr node;
};

// What an expression may name, and what its literals may speak of.
struct Place {
  expr::Scope scope;
  const engine::ProcessDef* process = nullptr;  // whose tasks, links, clocks and roles are meant; null: a record
  // The same with one root known more precisely than `any`.
  Place with(std::string_view root, expr::Type type) const;
};

class Context {
 public:
  Context(Problems& problems, const engine::Definitions& known, bool compiling, bool complete)
      : problems(problems), known(known), compiling(compiling), complete(complete) {}

  Problems& problems;
  const engine::Definitions& known;  // all that is declared, without programs; empty on the first reading
  const bool compiling;              // the second reading
  const bool complete;               // every file could be parsed, so that a name nobody declares is a mistake
  engine::Definitions out;           // what this reading makes

  // Problems unless the name is declared. Of posts (requirements, calendars) nothing can be said where none is loaded.
  bool check_process(const Node&, const std::string&);
  bool check_register(const Node&, const std::string&);
  bool check_post(const Node&, const std::string&);
  bool check_one(const Node&, const std::string& what, const std::string& word,
                 const std::vector<std::string>& known_words);

  // `req` of a rule, with the clause that follows and the place of the mapping.
  engine::Basis basis(Object&);
  // Who is told.
  engine::Audience audience(const Node*, const engine::ProcessDef*, const std::string& what);

  // Compiles what stands in the node. On the first reading and after a problem: an empty program.
  expr::Program program(const Node*, const Place&, const expr::Type& expected, const std::string& what);
  // The same, one of several types.
  expr::Program program(const Node*, const Place&, const std::vector<expr::Type>& any_of, const std::string& what);

  Place place(const engine::ProcessDef& skeleton) const;
  Place place(const engine::RecordDef& skeleton) const;
  Place bare_place() const;  // of no register: params, now and the functions of the world

  // ---- fields ----
  enum class Site { process, record, column, answer };
  engine::FieldType field_type(Object&, std::string_view key);
  // `states` and the decisions of `owner` are what a field may name.
  std::vector<engine::FieldDef> fields(Object&, std::string_view key, Site, const Place&,
                                       const std::vector<std::string>& states, const engine::ProcessDef* owner);
  std::vector<engine::GuardDef> guards(Object&, const Place&, const std::vector<engine::FieldDef>* fields);
  // Values by field: each compiled against the type of its field.
  std::map<std::string, expr::Program> values(const Node*, const std::vector<engine::FieldDef>& fields, const Place&,
                                              const std::string& what, const std::string& of);

  // ---- words, each from its top-level mapping ----
  void requirements(const Document&);
  void readings(const Document&);
  void terms(const Document&);
  void posts_of(const Document&);
  void incompatible(const Document&);
  void holidays(const Document&);
  void calendars(const Document&);
  void parameters(const Document&);
  void record(const Document&);
  void process(const Document&);
  void plan(const Document&);
  void measure(const Document&);
  void report(const Document&);
  // After all processes: shapes in order, numbers that cannot collide.
  void finish();

  // Skeletons of the first reading, by their document.
  std::map<const Node*, std::shared_ptr<engine::ProcessDef>> process_skeletons;
  std::map<const Node*, engine::RecordDef> record_skeletons;
  // The fields of a process that have an initial value, by the process as the first reading made it.
  std::map<const engine::ProcessDef*, std::set<std::string>> initial_;
  const std::set<std::string>& initials(const engine::ProcessDef*) const;
  // Calendars take time to build: the first reading notes their names only.
  std::vector<std::string> calendar_names_;

 private:
  friend class ProcessReader;
  void check_literals(const Node&, const Place&);
  bool first(const std::string& what, const Node& where);  // false, with a problem, when it is declared already
  std::map<std::string, std::string> declared_;            // "process incident 1" -> where
  std::map<std::string, std::map<calendar::Day, Text>> off_, work_;  // holiday tables by key
  std::map<std::string, calendar::Day> known_until_;
  std::map<std::string, Text> holidays_title_;
  std::map<std::string, std::pair<std::string, const Node*>> patterns_;  // number pattern -> process, place
};

// "processes/incident.yaml:12:7"
std::string where(const Node&);
template <class T>
std::vector<std::string> keys_of(const std::vector<T>& all) {
  std::vector<std::string> out;
  for (const T& one : all) out.push_back(one.key);
  return out;
}
template <class T>
std::vector<std::string> keys_of(const std::map<std::string, T>& all) {
  std::vector<std::string> out;
  for (const auto& [key, one] : all) out.push_back(key);
  return out;
}

namespace types {
inline const expr::Type any = expr::Type::of(expr::Type::Kind::any);
inline const expr::Type boolean = expr::Type::of(expr::Type::Kind::boolean);
inline const expr::Type integer = expr::Type::of(expr::Type::Kind::integer);
inline const expr::Type number = expr::Type::of(expr::Type::Kind::number);
inline const expr::Type string = expr::Type::of(expr::Type::Kind::string);
inline const expr::Type timestamp = expr::Type::of(expr::Type::Kind::timestamp);
inline const expr::Type duration = expr::Type::of(expr::Type::Kind::duration);
}  // namespace types

}  // namespace anlan::definitions
