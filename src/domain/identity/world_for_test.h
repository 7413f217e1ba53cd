// A small organisation for the tests of this room.
#pragma once
#include <string>
#include <vector>

#include "domain/identity/identity.h"

namespace anlan::identity {

inline Instant at(std::int64_t day) { return Instant{} + days(day); }

inline Ground annex() {
  return {"A.2-p1-1", "A.2", {"本机构规则（参考附录A）", "a rule of this house (after annex A)"}, "exception"};
}

inline std::vector<Post> some_posts() {
  return {{"ops_manager", {"运维经理", "Operations manager"}, "operations", {"board.own"}, false},
          {"ops_engineer", {"运维岗", "Operations engineer"}, "operations", {"change.implement"}, true},
          {"dev_manager", {"开发经理", "Development manager"}, "development", {"version.develop.own"}, false},
          {"developer", {"开发岗", "Developer"}, "development", {"version.develop"}, true},
          {"tester", {"测试岗", "Tester"}, "test", {"release.create"}, true},
          {"release_manager", {"发布经理", "Release manager"}, "", {"release.approve"}, false},
          {"capacity_manager", {"容量经理", "Capacity manager"}, "", {"capacity.plan"}, false},
          {"resource_delivery", {"资源交付岗", "Resource delivery"}, "", {"capacity.deliver"}, true}};
}

inline Parts small_world() {
  Parts p;
  p.people = {{"p1", "chen", {"陈", "Chen"}, true, "u11"},   {"p2", "li", {"李", "Li"}, true, "u11"},
              {"p3", "wang", {"王", "Wang"}, true, "u1"},    {"p4", "zhao", {"赵", "Zhao"}, true, "u0"},
              {"p5", "gone", {"孙", "Sun"}, true, "u11", false}, {"x1", "vendor", {"外", "Vendor"}, false, "u12"}};
  p.units = {{"u0", {"总部", "Head office"}, "", "p4", "", "e1"},
             {"u1", {"信息科技部", "IT"}, "u0", "p3", "p2", "e1"},
             {"u11", {"运维处", "Operations"}, "u1", "p2", "", "e1"},
             {"u12", {"开发处", "Development"}, "u1", "p5", "", "e1"}};
  p.boards = {{"core", {"核心业务", "Core"}, "p2", "u11"}, {"infra", {"基础设施", "Infrastructure"}, "p5", "u12"}};
  p.posts = some_posts();
  p.incompatibilities = between_families(p.posts, {"operations", "development", "test"}, annex());
  return p;
}

}  // namespace anlan::identity
