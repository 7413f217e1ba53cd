// Definitions from YAML: a directory, or texts by path. Every mistake that can be found is named, each with its place
// and how to mend it. Pure but for reading the directory; thread-safe.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "definitions/yaml.h"
#include "domain/engine/model.h"

namespace anlan::definitions {

// Path relative to the directory of definitions ("processes/incident.yaml") -> text. Only *.yaml is read.
using Files = std::map<std::string, std::string>;

struct Loaded {
  engine::Definitions definitions;  // whole only when there are no problems
  std::vector<Problem> problems;    // by file, line and column; files as they are named in Files
  bool ok() const { return problems.empty(); }
};

// The first key of a document says which word it is; files under correlation/ and seeds/, and those of standard/ that
// are no requirements, are kept as plain data in Definitions::extra by path ("seeds/provinces.yaml", further documents
// of one file as "seeds/provinces.yaml#2"). Never fails; what is wrong is in `problems`.
Loaded load(const Files&);

// Every *.yaml below the directory. Code::not_found when there is no such directory, Code::unavailable when a file
// cannot be read, Code::limit when there are more than 5,000 files.
Result<Files> read_directory(const std::string& directory);

// Both, for a program that wants all or nothing: Code::invalid with every problem in the message, one a line.
Result<std::shared_ptr<const engine::Definitions>> load_directory(const std::string& directory);

}  // namespace anlan::definitions
