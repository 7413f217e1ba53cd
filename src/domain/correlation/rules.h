// What an insurer declares about its alerts: the ordered rules, quiet times and the mapping from labels to systems.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "base/value.h"

namespace anlan::correlation {

// A mistake in a declaration. `path` leads to it: "rules[2].match.severity"; `document` is the index among those given.
struct Problem {
  std::size_t document = 0;
  std::string path;
  std::string message;  // English, one sentence
};

// `*` stands for any run of characters, everything else for itself. Linear space, no backtracking blow-up.
bool glob_matches(std::string_view glob, std::string_view text);

// Labels that must all fit; the globs of one label are alternatives. A label that is not there counts as empty: `*`
// alone asks only that the label is there, the empty glob that it is not. An empty match fits everything.
struct Match {
  std::vector<std::pair<std::string, std::vector<std::string>>> labels;  // by name
  bool fits(const Value& labels) const;
  // How much it asks: labels first, then literal characters. For "most specific first".
  std::pair<std::size_t, std::size_t> weight() const;
  // "label=value,label2=glob*|other,label3=\"a,b\"": the form in which registers hold it.
  std::string text() const;
};
Result<Match> parse_match(std::string_view text);

enum class Action { open, suppress };
// What happens to an alert for which the mapping knows no system.
enum class Unmapped {
  automatic,  // urgent ones open an incident whose scope is to be confirmed, others wait in the bucket
  bucket,
  open,
};

struct Rule {
  std::string key;
  Text title;
  Match match;
  std::vector<std::string> group_by;  // alerts alike in these labels are one group
  Duration window = minutes(30);      // a group takes joins so long after its last alert ended
  Action action = Action::open;
  std::string process;                  // what it opens; needed where the action is open
  Unmapped unmapped = Unmapped::automatic;
  bool service_down = false;        // this alert is a confirmed interruption
  std::optional<Duration> min_for;  // opens only once the alert has stood so long
  Text because;                     // why, shown with the decision; may be empty
  std::vector<std::string> req;
};

// A time in which matching alerts open nothing: maintenance, or a silence someone set.
struct Quiet {
  enum class Kind { maintenance, silence } kind = Kind::maintenance;
  std::string key;
  Match match;
  Instant from{}, to{};  // [from, to)
  std::string reason;
  std::string by;  // person id, if one
};

struct RuleSet {
  std::vector<Rule> rules;                    // the first that fits decides
  std::vector<Quiet> quiet;                   // of the definitions; those of registers are kept in the Policy
  Match urgent;                               // which alerts count as urgent when they are unmapped
  std::map<std::string, Duration> alive_for;  // source kind (up to ':') -> how long a silent alert stands; "" the rest
  std::string version;                        // hex digest of what it was loaded from

  const Rule* rule_for(const Value& labels) const;  // null: none fits
  const Rule* rule(std::string_view key) const;
  Duration alive(std::string_view source) const;
};

// Loads documents of definitions/correlation, in order (rules of the first document come first). Scalars may be typed
// or text. Mistakes are appended to `problems`; what is wrong is left out, so that all mistakes show at once.
RuleSet load_rules(std::span<const Value> documents, std::vector<Problem>& problems);

// What labels say about the insurer. `{label}` in system, board or a province stands for the value of that label.
struct MappingRow {
  std::string id;
  Match match;
  std::string system;
  std::vector<std::string> provinces;
  std::string board;
  std::int64_t priority = 0;
  bool service_down = false;  // such an alert is a confirmed interruption, whatever its rule says
};
struct Mapped {
  std::string row;  // id of the row that decided; empty: none fits
  std::string system, board;
  std::vector<std::string> provinces;
  bool service_down = false;
};
class Mapping {
 public:
  Mapping() = default;
  // Sorts: higher priority first, then the more specific match, then by id.
  explicit Mapping(std::vector<MappingRow> rows);
  // The first row that fits. Placeholders are filled; a placeholder of an absent label gives nothing.
  Mapped map(const Value& labels) const;
  const std::vector<MappingRow>& rows() const { return rows_; }

 private:
  std::vector<MappingRow> rows_;
};
// From the fields of a record: match (text; or label and value, for a single one), system, provinces (list, or text
// with commas), board, priority, service_down.
Result<MappingRow> mapping_row(const std::string& id, const Value& fields);
// From the fields of a record: match (text), from, to (instants or RFC 3339), reason, by, silence (bool).
Result<Quiet> quiet_row(const std::string& id, const Value& fields);

}  // namespace anlan::correlation
