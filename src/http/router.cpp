#include "http/router.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "http/decode.h"

namespace anlan::http {

std::vector<std::string> Pattern::names() const {
  std::vector<std::string> out;
  for (const Segment& s : segments)
    if (s.kind != Segment::Kind::literal) out.push_back(s.text);
  return out;
}

Result<Pattern> parse_pattern(std::string_view text) {
  const auto malformed = [&](std::string_view why) {
    return fail(Code::invalid, "route pattern " + std::string(text) + ": " + std::string(why));
  };
  if (text.empty() || text.front() != '/') return malformed("must begin with a slash");
  Pattern out;
  std::set<std::string_view> seen;
  for (const std::string_view part : split(text.substr(1), '/')) {
    if (!out.segments.empty() && out.segments.back().kind == Pattern::Segment::Kind::rest)
      return malformed("nothing may follow the rest");
    Pattern::Segment segment{Pattern::Segment::Kind::literal, std::string(part)};
    if (!part.empty() && part.front() == '{') {
      if (part.back() != '}') return malformed("unclosed parameter");
      std::string_view name = part.substr(1, part.size() - 2);
      segment.kind = Pattern::Segment::Kind::parameter;
      if (!name.empty() && name.back() == '*') {
        segment.kind = Pattern::Segment::Kind::rest;
        name.remove_suffix(1);
      }
      if (name.empty() || name.find_first_of("{}*") != std::string_view::npos) return malformed("bad parameter name");
      if (!seen.insert(name).second) return malformed("a parameter named twice");
      segment.text = name;
    } else if (part.find_first_of("{}%") != std::string_view::npos) {
      return malformed("a parameter must be a whole segment");
    }
    out.segments.push_back(std::move(segment));
  }
  return out;
}

Result<Router> Router::build(const std::vector<Route>& routes) {
  Router router;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const Route& route = routes[i];
    ANLAN_TRY(Pattern pattern, parse_pattern(route.pattern));
    const std::string label = route.method + " " + route.pattern;
    if (!is_token(route.method)) return fail(Code::invalid, "route " + label + ": bad method");
    if (static_cast<bool>(route.handle) == static_cast<bool>(route.subscribe))
      return fail(Code::invalid, "route " + label + ": needs a handle or a subscribe, and not both");
    Node* node = router.root_.get();
    bool rest = false;
    for (const auto& segment : pattern.segments) {
      if (segment.kind == Pattern::Segment::Kind::rest) {
        rest = true;
        break;
      }
      auto& child = segment.kind == Pattern::Segment::Kind::parameter ? node->parameter : node->literals[segment.text];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
    }
    auto& list = rest ? node->rests : node->ends;
    for (const std::size_t other : list)
      if (routes[other].method == route.method)
        return fail(Code::invalid, "route " + label + " has the shape of " + routes[other].pattern);
    list.push_back(i);
    const bool head = route.method == "GET" && route.handle;
    router.entries_.push_back(Entry{route.method, head, pattern.names()});
  }
  return router;
}

struct Router::Search {
  std::string_view method;
  std::vector<std::string> segments;
  std::vector<std::string> captured;
  std::set<std::string> allowed;
  std::size_t route = 0;
};

bool Router::choose(const std::vector<std::size_t>& candidates, Search& search) const {
  for (const std::size_t i : candidates) {
    if (entries_[i].method == search.method) {
      search.route = i;
      return true;
    }
  }
  for (const std::size_t i : candidates) {
    if (entries_[i].head && search.method == "HEAD") {
      search.route = i;
      return true;
    }
    search.allowed.insert(entries_[i].method);
    if (entries_[i].head) search.allowed.insert("HEAD");
  }
  return false;
}

bool Router::visit(const Node& node, std::size_t at, Search& search) const {
  if (at == search.segments.size()) return choose(node.ends, search);
  const std::string& segment = search.segments[at];
  if (auto it = node.literals.find(segment); it != node.literals.end() && visit(*it->second, at + 1, search))
    return true;
  if (!node.parameter || segment.empty()) return false;
  search.captured.push_back(segment);
  if (visit(*node.parameter, at + 1, search)) return true;
  search.captured.pop_back();
  return false;
}

bool Router::visit_rest(const Node& node, std::size_t at, Search& search) const {
  if (at == search.segments.size()) return false;
  const std::string& segment = search.segments[at];
  if (auto it = node.literals.find(segment); it != node.literals.end() && visit_rest(*it->second, at + 1, search))
    return true;
  if (node.parameter && !segment.empty()) {
    search.captured.push_back(segment);
    if (visit_rest(*node.parameter, at + 1, search)) return true;
    search.captured.pop_back();
  }
  if (node.rests.empty() || !choose(node.rests, search)) return false;
  std::string rest = segment;
  for (std::size_t i = at + 1; i < search.segments.size(); ++i) rest += '/' + search.segments[i];
  search.captured.push_back(std::move(rest));
  return true;
}

Router::Found Router::find(std::string_view method, std::string_view path, Request& request) const {
  Found found;
  request.path.clear();
  if (path.empty() || path.front() != '/') {
    found.status = 400;
    return found;
  }
  Search search;
  search.method = method;
  search.segments.reserve(8);
  for (std::string_view left = path.substr(1);;) {
    const std::size_t slash = left.find('/');
    auto segment = percent_decode(left.substr(0, slash));
    if (!segment) {
      found.status = 400;
      request.path.clear();
      return found;
    }
    request.path += '/';
    request.path += *segment;
    search.segments.push_back(std::move(*segment));
    if (slash == std::string_view::npos) break;
    left = left.substr(slash + 1);
  }
  bool hit = visit(*root_, 0, search);
  if (!hit && search.allowed.empty()) hit = visit_rest(*root_, 0, search);
  if (hit) {
    found.status = 200;
    found.route = search.route;
    const Entry& entry = entries_[search.route];
    for (std::size_t i = 0; i < entry.names.size() && i < search.captured.size(); ++i)
      request.parameters.emplace(entry.names[i], std::move(search.captured[i]));
    return found;
  }
  if (!search.allowed.empty()) {
    found.status = 405;
    for (const std::string& name : search.allowed) found.allow += (found.allow.empty() ? "" : ", ") + name;
  }
  return found;
}

}  // namespace anlan::http
