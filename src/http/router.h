// From method and path to a route. Immutable once built, therefore thread-safe.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/transport.h"

namespace anlan::http {

// A route pattern taken apart. Code::invalid when it is malformed.
struct Pattern {
  struct Segment {
    enum class Kind { literal, parameter, rest } kind = Kind::literal;
    std::string text;  // the literal, or the parameter's name
  };
  std::vector<Segment> segments;
  std::vector<std::string> names() const;
};
Result<Pattern> parse_pattern(std::string_view);

class Router {
 public:
  // Code::invalid: a malformed pattern, the same method and shape twice, or a route with neither or both handlers.
  static Result<Router> build(const std::vector<Route>&);

  struct Found {
    int status = 404;        // 200: `route` is set; 400: the path is malformed; 404; 405: `allow` is set
    std::size_t route = 0;   // index into the routes given
    std::string allow;       // "GET, HEAD, POST"
  };
  // `path` is still escaped: a segment is split off before it is decoded, so that %2F stays inside a parameter.
  // Sets request.path and, on 200, request.parameters. HEAD finds GET routes that have a handle.
  Found find(std::string_view method, std::string_view path, Request& request) const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    std::vector<std::size_t> ends;   // routes that end here
    std::vector<std::size_t> rests;  // routes that take the rest from here
  };
  struct Entry {
    std::string method;
    bool head = false;  // answers HEAD too
    std::vector<std::string> names;
  };
  struct Search;
  bool visit(const Node&, std::size_t at, Search&) const;
  bool visit_rest(const Node&, std::size_t at, Search&) const;
  bool choose(const std::vector<std::size_t>& candidates, Search&) const;

  std::vector<Entry> entries_;
  std::unique_ptr<Node> root_ = std::make_unique<Node>();
};

}  // namespace anlan::http
