// `anlan rehearse`: plays scenario files against definitions, or mutates the definitions and lists what nobody noticed.
#pragma once
#include <string>
#include <vector>

namespace anlan::server {

struct RehearseOptions {
  std::string definitions;          // folder
  std::vector<std::string> files;   // scenario files or folders; files that begin with '_' are worlds
  bool mutate = false;
  std::string equivalents;          // reviewed list of mutants that change nothing that can be seen
  std::string only;                 // only scenarios (or mutants) whose name holds this
  int jobs = 1;
};

// 0 when all scenarios pass (and, with mutate, no mutant outside the list survives); 1 otherwise; 2 for unusable input.
int rehearse(const RehearseOptions&);

// `anlan check DIR`: prints every problem at file:line:column. 0 when there is none.
int check(const std::string& definitions);

}  // namespace anlan::server
