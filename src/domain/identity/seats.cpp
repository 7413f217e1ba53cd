#include "domain/identity/seats.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace anlan::identity {
namespace {

Text title_of(const std::vector<SeatRule>& rules, const std::string& role) {
  for (const SeatRule& r : rules) {
    if (r.role == role && !r.title.empty()) return r.title;
  }
  return {role, role};
}

Refusal make(std::string code, std::string zh, std::string en, const Ground& ground) {
  if (!ground.basis.zh.empty()) zh += "；" + ground.basis.zh;
  if (!ground.basis.en.empty()) en += "; " + ground.basis.en;
  return {ground.clause, std::move(code), {std::move(zh), std::move(en)}, {}, ground.requirement, ground.waiver};
}

class Check {
 public:
  Check(const Directory& d, const std::vector<SeatRule>& rules, const Seat& candidate)
      : d_(d), rules_(rules), candidate_(candidate) {}

  // The candidate against a seat from which he must differ.
  void compare(const Seat& taken, const Difference& rule) {
    const bool same_person = candidate_.person == taken.person;
    switch (rule.by) {
      case Difference::By::person:
        if (same_person) person(taken, rule);
        return;
      case Difference::By::post:
        if (same_person) {
          person(taken, rule);
        } else if (!taken.post.empty() && candidate_.post == taken.post) {
          const Text title = d_.title_of_post(taken.post);
          add("same_post", taken, rule, fmt::format("担任者同为“{}”", title.in("zh")),
              fmt::format("both sit as {}", title.in("en")));
        }
        return;
      case Difference::By::department:
        if (same_person) {
          person(taken, rule);
        } else if (taken.unit.empty() || candidate_.unit.empty()) {
          add("department_unknown", taken, rule, "有人员未登记部门，无法证明部门不同",
              "a department is not recorded, so that they differ cannot be shown");
        } else if (taken.unit == candidate_.unit) {
          const Unit* unit = d_.unit(taken.unit);
          const Text name = unit && !unit->name.empty() ? unit->name : Text{taken.unit, taken.unit};
          add("same_department", taken, rule, fmt::format("两人同属“{}”", name.in("zh")),
              fmt::format("both belong to {}", name.in("en")));
        }
        return;
    }
  }

  void refuse(Refusal r) {
    if (std::find(reasons_.begin(), reasons_.end(), r) == reasons_.end()) reasons_.push_back(std::move(r));
  }
  std::vector<Refusal> take() { return std::move(reasons_); }

 private:
  void person(const Seat& taken, const Difference& rule) {
    const Text who = d_.name_of(taken.person);
    add("same_person", taken, rule, fmt::format("{}已任其一", who.in("zh")),
        fmt::format("{} has sat in the one already", who.in("en")));
  }

  void add(std::string code, const Seat& taken, const Difference& rule, std::string zh, std::string en) {
    const Text mine = title_of(rules_, candidate_.role), other = title_of(rules_, taken.role);
    refuse(make(std::move(code), fmt::format("“{}”与“{}”须相互分离：{}", mine.in("zh"), other.in("zh"), zh),
                fmt::format("{} and {} must be apart: {}", mine.in("en"), other.in("en"), en), rule.ground));
  }

  const Directory& d_;
  const std::vector<SeatRule>& rules_;
  const Seat& candidate_;
  std::vector<Refusal> reasons_;
};

}  // namespace

std::vector<Refusal> differs(const Directory& d, const SeatHistory& history, const std::vector<SeatRule>& rules,
                             const Seat& candidate, Instant now) {
  Check check(d, rules, candidate);
  const Text who = d.name_of(candidate.person);
  if (!d.is_enabled(candidate.person)) {
    check.refuse(make("person_not_available", fmt::format("{}不存在或已停用", who.in("zh")),
                      fmt::format("{} is unknown or disabled", who.in("en")), {}));
  }
  for (const SeatRule& rule : rules) {
    if (rule.role != candidate.role || !rule.internal_only || d.is_internal(candidate.person)) continue;
    const Text title = title_of(rules, rule.role);
    check.refuse(make("internal_only", fmt::format("“{}”仅限内部员工担任，{}不是内部员工", title.in("zh"), who.in("zh")),
                      fmt::format("{} is for internal staff only; {} is not", title.in("en"), who.in("en")),
                      *rule.internal_only));
  }
  for (const Seat& taken : history) {
    for (const SeatRule& rule : rules) {
      for (const Difference& difference : rule.differs_from) {
        const bool forward = rule.role == candidate.role && difference.role == taken.role;
        const bool backward = rule.role == taken.role && difference.role == candidate.role;
        if (forward || backward) check.compare(taken, difference);
      }
    }
  }
  for (const Seat& taken : history) {
    if (taken.person != candidate.person) continue;
    const Incompatibility* rule = d.incompatibility(candidate.post, taken.post);
    if (!rule || d.exception_for(candidate.person, candidate.post, taken.post, now)) continue;
    const Text post = d.title_of_post(candidate.post), before = d.title_of_post(taken.post);
    check.refuse(make("incompatible_posts",
                      fmt::format("{}曾在本单以“{}”任“{}”，与“{}”不相容", who.in("zh"), before.in("zh"),
                                  title_of(rules, taken.role).in("zh"), post.in("zh")),
                      fmt::format("{} has sat on this ticket as {} ({}), which excludes {}", who.in("en"),
                                  title_of(rules, taken.role).in("en"), before.in("en"), post.in("en")),
                      rule->ground));
  }
  return check.take();
}

}  // namespace anlan::identity
