// Parser and type checker in one pass: the names that a macro binds are known while its body is read.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "domain/expr/lexer.h"
#include "domain/expr/tree.h"

namespace anlan::expr {
using K = Type::Kind;
using Node = std::unique_ptr<Tree>;
using Nodes = std::vector<Node>;

namespace {
// How many letters must change to make one word of the other; stops counting at 3.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > b.size() + 2 || b.size() > a.size() + 2) return 3;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = corner + (a[i - 1] != b[j - 1]);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

class Suggestion {
 public:
  explicit Suggestion(std::string_view wrong) : wrong_(wrong) {}
  void consider(std::string_view name) {
    std::size_t d = distance(wrong_, name);
    if (d < best_ && d < std::max(wrong_.size(), name.size())) best_ = d, name_ = name;
  }
  std::string text() const { return name_.empty() ? "" : fmt::format("; did you mean '{}'?", name_); }

 private:
  std::string_view wrong_;
  std::string name_;
  std::size_t best_ = 3;
};

struct BuiltIn {
  std::string_view name;
  Op op;
  bool global, method;
  std::size_t least, most;  // arguments, the receiver counted
};
constexpr BuiltIn built_in[] = {
    {"size", Op::size, true, true, 1, 1},
    {"contains", Op::contains, false, true, 2, 2},
    {"startsWith", Op::starts_with, false, true, 2, 2},
    {"endsWith", Op::ends_with, false, true, 2, 2},
    {"lowerAscii", Op::lower_ascii, false, true, 1, 1},
    {"int", Op::to_integer, true, false, 1, 1},
    {"double", Op::to_number, true, false, 1, 1},
    {"string", Op::to_string, true, false, 1, 1},
    {"duration", Op::to_duration, true, false, 1, 1},
    {"timestamp", Op::to_timestamp, true, false, 1, 1},
    {"min", Op::minimum, true, false, 1, 1000},
    {"max", Op::maximum, true, false, 1, 1000},
    {"sum", Op::sum, true, false, 1, 1},
    {"unique", Op::unique, false, true, 1, 1},
    {"intersects", Op::intersects, false, true, 2, 2},
};

bool one_of(K k, std::initializer_list<K> kinds) { return std::find(kinds.begin(), kinds.end(), k) != kinds.end(); }
bool any_of_two(const Type& a, const Type& b) { return a.kind == K::any || b.kind == K::any; }
bool numeric(K k) { return k == K::integer || k == K::number; }

// The type of an arithmetic operation; nothing if the operands do not go together.
std::optional<Type> arithmetic(Op op, const Type& a, const Type& b) {
  const K x = a.kind, y = b.kind;
  if (x == K::null || y == K::null) return {};
  auto both = [&](K k) { return x == k && y == k; };
  // One side known, the other found out at run time.
  auto with_any = [&](K k) { return (x == k && y == K::any) || (x == K::any && y == k); };
  if (op == Op::modulo) {
    if (both(K::integer) || with_any(K::integer) || both(K::any)) return Type::of(K::integer);
    return {};
  }
  if (both(K::any)) return a;
  if (both(K::integer)) return a;
  if (numeric(x) && numeric(y)) return Type::of(K::number);
  if (with_any(K::number)) {
    if (op == Op::multiply || op == Op::divide || op == Op::add || op == Op::subtract) return Type::of(K::number);
  }
  if (with_any(K::integer)) return Type::of(K::any);
  switch (op) {
    case Op::add:
      if (both(K::string) || with_any(K::string)) return Type::of(K::string);
      if (both(K::list)) return Type::list_of(join(element_of(a), element_of(b)).value_or(Type::of(K::any)));
      if (with_any(K::list)) return Type::list_of(Type::of(K::any));
      if (both(K::duration)) return a;
      if ((x == K::timestamp && y == K::duration) || (x == K::duration && y == K::timestamp) || with_any(K::timestamp))
        return Type::of(K::timestamp);
      if (with_any(K::duration)) return Type::of(K::any);
      return {};
    case Op::subtract:
      if (both(K::timestamp) || both(K::duration)) return Type::of(K::duration);
      if (x == K::timestamp && y == K::duration) return a;
      if (x == K::timestamp && y == K::any) return Type::of(K::any);
      if (x == K::any && y == K::timestamp) return Type::of(K::duration);
      if (x == K::duration && y == K::any) return a;
      if (x == K::any && y == K::duration) return Type::of(K::any);
      return {};
    case Op::multiply:
      if ((x == K::duration && y == K::integer) || (x == K::integer && y == K::duration) || with_any(K::duration))
        return Type::of(K::duration);
      return {};
    default: return {};
  }
}
}  // namespace

struct Compiler {
  struct Local {
    std::string name, path;
    Type type;
  };

  std::string_view source;
  const Scope& scope;
  std::vector<Token> tokens;
  std::size_t at = 0;
  int depth = 0;
  std::vector<Local> locals;
  std::set<std::string> reads, calls;
  std::optional<CompileError> error;

  // ---- tokens ----

  const Token& peek(std::size_t ahead = 0) const { return tokens[std::min(at + ahead, tokens.size() - 1)]; }
  bool sees(std::string_view symbol, std::size_t ahead = 0) const {
    const Token& t = peek(ahead);
    return t.kind == Token::Kind::symbol && t.text == symbol;
  }
  bool sees_word(std::string_view word) const {
    return peek().kind == Token::Kind::identifier && peek().text == word;
  }
  bool take(std::string_view symbol) {
    if (!sees(symbol)) return false;
    ++at;
    return true;
  }

  Node fail(std::size_t offset, std::string message) {
    if (!error) error = CompileError{column_of(source, offset), std::move(message)};
    return nullptr;
  }
  Node expected(std::string_view what) {
    const Token& t = peek();
    if (t.kind == Token::Kind::end) return fail(t.begin, fmt::format("{} is missing at the end", what));
    return fail(t.begin, fmt::format("{} is expected here, not '{}'", what, t.text));
  }
  std::string text(const Tree& t) const { return std::string(source.substr(t.begin, t.end - t.begin)); }

  // ---- building ----

  Node make(Op op, Type type, std::size_t begin, std::size_t end, Nodes kids = {}) {
    auto node = std::make_unique<Tree>();
    node->op = op;
    node->type = std::move(type);
    node->begin = node->outer_begin = begin;
    node->end = node->outer_end = end;
    for (const auto& kid : kids) node->height = std::max(node->height, kid->height + 1);
    node->kids = std::move(kids);
    if (node->height > chain_limit) return fail(begin, "the expression is too long a chain; split it");
    return node;
  }
  template <class... N>
  static Nodes nodes(N... n) {
    Nodes out;
    (out.push_back(std::move(n)), ...);
    return out;
  }
  // A stopwatch may be named, passed on to its functions, and nothing else.
  bool plain(const Tree& t) {
    if (!holds_stopwatch(t.type)) return true;
    fail(t.begin, fmt::format("'{}' is a stopwatch: it can only be given to functions made for stopwatches", text(t)));
    return false;
  }
  bool needs_bool(const Tree& t, std::string_view where) {
    if (!plain(t)) return false;
    if (one_of(t.type.kind, {K::boolean, K::any})) return true;
    fail(t.begin, fmt::format("{} needs bool, but '{}' is {}", where, text(t), describe(t.type)));
    return false;
  }

  // ---- grammar, from loose to tight ----

  struct Deeper {
    int& depth;
    explicit Deeper(int& d) : depth(d) { ++depth; }
    ~Deeper() { --depth; }
  };

  Node expression() {
    Deeper deeper(depth);
    if (depth > depth_limit) return fail(peek().begin, "the expression is nested too deeply");
    Node condition = disjunction();
    if (!condition || !sees("?")) return condition;
    if (!needs_bool(*condition, "?:")) return nullptr;
    ++at;
    Node yes = expression();
    if (!yes) return nullptr;
    if (!take(":")) return expected("':'");
    Node no = expression();
    if (!no || !plain(*yes) || !plain(*no)) return nullptr;
    auto type = join(yes->type, no->type);
    if (!type)
      return fail(no->begin, fmt::format("the two branches of ?: differ in type: {} and {}", describe(yes->type),
                                         describe(no->type)));
    std::size_t begin = condition->outer_begin, end = no->outer_end;
    return make(Op::conditional, std::move(*type), begin, end,
                nodes(std::move(condition), std::move(yes), std::move(no)));
  }

  Node disjunction() { return logic("||", Op::any_of, &Compiler::conjunction); }
  Node conjunction() { return logic("&&", Op::all_of, &Compiler::relation); }

  Node logic(std::string_view sign, Op op, Node (Compiler::*tighter)()) {
    Node first = (this->*tighter)();
    if (!first || !sees(sign)) return first;
    Nodes parts;
    parts.push_back(std::move(first));
    while (take(sign)) {
      Node next = (this->*tighter)();
      if (!next) return nullptr;
      parts.push_back(std::move(next));
    }
    for (const auto& part : parts)
      if (!needs_bool(*part, sign)) return nullptr;
    std::size_t begin = parts.front()->outer_begin, end = parts.back()->outer_end;
    return make(op, Type::of(K::boolean), begin, end, std::move(parts));
  }

  Node relation() {
    static constexpr std::pair<std::string_view, Op> signs[] = {
        {"==", Op::equal},      {"!=", Op::not_equal}, {"<=", Op::less_equal},
        {">=", Op::greater_equal}, {"<", Op::less},       {">", Op::greater}};
    Node left = addition();
    while (left) {
      std::optional<Op> op;
      for (const auto& [sign, o] : signs)
        if (sees(sign)) op = o;
      if (sees_word("in")) op = Op::in;
      if (!op) return left;
      const Token& sign = tokens[at++];
      Node right = addition();
      if (!right) return nullptr;
      left = compare(*op, sign, std::move(left), std::move(right));
    }
    return nullptr;
  }

  // A literal word against an enum that cannot take it.
  bool word_fits(const Tree& literal, const Tree& other, const Type& closed) {
    if (literal.op != Op::constant || !literal.value.is(Value::Kind::string)) return true;
    if (closed.kind != K::string || closed.literal || has_word(closed, literal.value.as_string())) return true;
    Suggestion suggestion(literal.value.as_string());
    for (const auto& word : *closed.words) suggestion.consider(word);
    fail(literal.begin, fmt::format("'{}' is none of the words of '{}', {}{}", literal.value.as_string(), text(other),
                                    describe(closed), suggestion.text()));
    return false;
  }
  bool equality_fits(const Tree& a, const Tree& b, std::size_t sign) {
    if (!plain(a) || !plain(b) || !word_fits(a, b, b.type) || !word_fits(b, a, a.type)) return false;
    if (comparable(a.type, b.type)) return true;
    fail(sign, fmt::format("'{}', {}, never equals '{}', {}", text(a), describe(a.type), text(b), describe(b.type)));
    return false;
  }
  bool membership_fits(const Tree& item, const Tree& in, std::size_t sign) {
    if (!plain(item) || !plain(in)) return false;
    switch (in.type.kind) {
      case K::any:
      case K::null: return true;
      case K::list: {
        if (in.op == Op::list) {
          for (const auto& kid : in.kids)
            if (!word_fits(*kid, item, item.type)) return false;
        }
        const Type& element = element_of(in.type);
        if (!word_fits(item, in, element)) return false;
        if (comparable(item.type, element)) return true;
        fail(sign, fmt::format("'{}', {}, never stands in '{}', {}", text(item), describe(item.type), text(in),
                               describe(in.type)));
        return false;
      }
      case K::map:
      case K::object:
        if (one_of(item.type.kind, {K::string, K::any, K::null})) return true;
        fail(item.begin, fmt::format("the keys of a map are strings, but '{}' is {}", text(item), describe(item.type)));
        return false;
      case K::string:
        fail(sign, fmt::format("'in' looks into lists and maps; write '{}.contains(...)' for text", text(in)));
        return false;
      default:
        fail(sign, fmt::format("'in' looks into lists and maps, but '{}' is {}", text(in), describe(in.type)));
        return false;
    }
  }

  Node compare(Op op, const Token& sign, Node a, Node b) {
    std::shared_ptr<const std::vector<std::string>> words;
    if (op == Op::equal || op == Op::not_equal) {
      if (!equality_fits(*a, *b, sign.begin)) return nullptr;
    } else if (op == Op::in) {
      if (!membership_fits(*a, *b, sign.begin)) return nullptr;
    } else {
      if (!plain(*a) || !plain(*b) || !word_fits(*a, *b, b->type) || !word_fits(*b, *a, a->type)) return nullptr;
      const K x = a->type.kind, y = b->type.kind;
      auto ordered = [](K k) {
        return one_of(k, {K::any, K::boolean, K::integer, K::number, K::string, K::timestamp, K::duration});
      };
      Rank rank = x == K::string || y == K::string ? rank_of(a->type, b->type) : Rank{};
      bool alike = x == y || any_of_two(a->type, b->type) || (numeric(x) && numeric(y));
      if (!ordered(x) || !ordered(y) || !alike || !rank.ok)
        return fail(sign.begin, fmt::format("{} and {} have no order for {}", describe(a->type), describe(b->type),
                                            sign.text));
      words = std::move(rank.words);
    }
    std::size_t begin = a->outer_begin, end = b->outer_end;
    Node node = make(op, Type::of(K::boolean), begin, end, nodes(std::move(a), std::move(b)));
    if (!node) return nullptr;
    node->op_begin = sign.begin;
    node->op_end = sign.end;
    node->words = std::move(words);
    return node;
  }

  Node addition() {
    return chain({{"+", Op::add}, {"-", Op::subtract}}, &Compiler::multiplication);
  }
  Node multiplication() {
    return chain({{"*", Op::multiply}, {"/", Op::divide}, {"%", Op::modulo}}, &Compiler::unary);
  }
  Node chain(std::initializer_list<std::pair<std::string_view, Op>> signs, Node (Compiler::*tighter)()) {
    Node left = (this->*tighter)();
    while (left) {
      std::optional<Op> op;
      for (const auto& [sign, o] : signs)
        if (sees(sign)) op = o;
      if (!op) return left;
      const Token& sign = tokens[at++];
      Node right = (this->*tighter)();
      if (!right || !plain(*left) || !plain(*right)) return nullptr;
      auto type = arithmetic(*op, left->type, right->type);
      if (!type)
        return fail(sign.begin, fmt::format("{} {} {} has no meaning: '{}' {} '{}'", describe(left->type), sign.text,
                                            describe(right->type), text(*left), sign.text, text(*right)));
      std::size_t begin = left->outer_begin, end = right->outer_end;
      left = make(*op, std::move(*type), begin, end, nodes(std::move(left), std::move(right)));
    }
    return nullptr;
  }

  Node unary() {
    const Token& sign = peek();
    if (!sees("!") && !sees("-")) return postfix();
    Deeper deeper(depth);
    if (depth > depth_limit) return fail(sign.begin, "the expression is nested too deeply");
    ++at;
    if (sign.text == "-" && one_of_literals(peek().kind)) return literal(true);
    Node kid = unary();
    if (!kid) return nullptr;
    std::size_t end = kid->outer_end;
    if (sign.text == "!") {
      if (!needs_bool(*kid, "!")) return nullptr;
      return make(Op::logical_not, Type::of(K::boolean), sign.begin, end, nodes(std::move(kid)));
    }
    if (!plain(*kid)) return nullptr;
    if (!one_of(kid->type.kind, {K::any, K::integer, K::number, K::duration}))
      return fail(sign.begin, fmt::format("- cannot negate '{}', which is {}", text(*kid), describe(kid->type)));
    Type type = kid->type;
    return make(Op::negate, std::move(type), sign.begin, end, nodes(std::move(kid)));
  }

  static bool one_of_literals(Token::Kind k) {
    return k == Token::Kind::integer || k == Token::Kind::number || k == Token::Kind::duration;
  }

  // A number or bare duration, with the minus before it if there is one: a figure is mutated as a whole.
  Node literal(bool negative) {
    const Token& t = tokens[at++];
    std::size_t begin = negative ? tokens[at - 2].begin : t.begin;
    Node node;
    if (t.kind == Token::Kind::integer) {
      if (t.too_large && !negative) return fail(t.begin, fmt::format("{} is out of range", t.text));
      node = make(Op::constant, Type::of(K::integer), begin, t.end);
      std::int64_t n = t.value.as_int();
      node->value = t.too_large ? std::numeric_limits<std::int64_t>::min() : negative ? -n : n;
      node->figure = Tree::Figure::integer;
    } else if (t.kind == Token::Kind::number) {
      node = make(Op::constant, Type::of(K::number), begin, t.end);
      node->value = negative ? -t.value.as_number() : t.value.as_number();
      node->figure = Tree::Figure::number;
    } else {
      node = make(Op::constant, Type::of(K::duration), begin, t.end);
      node->value = negative ? -t.value.as_duration() : t.value.as_duration();
      node->figure = Tree::Figure::duration;
    }
    node->figure_begin = begin;
    node->figure_end = t.end;
    return node;
  }

  Node postfix() {
    Node node = primary();
    while (node) {
      if (take(".")) {
        const Token& name = peek();
        if (name.kind != Token::Kind::identifier) return expected("the name of a member");
        ++at;
        node = sees("(") ? method(std::move(node), name)
                         : select(std::move(node), std::string(name.text), name.begin, name.end);
      } else if (sees("[")) {
        node = index(std::move(node));
      } else {
        return node;
      }
    }
    return nullptr;
  }

  std::optional<Type> member_type(const Tree& of, std::string_view name, std::size_t offset) {
    switch (of.type.kind) {
      case K::any: return Type::of(K::any);
      case K::map: return element_of(of.type);
      case K::object: {
        Suggestion suggestion(name);
        if (of.type.members) {
          auto it = of.type.members->find(name);
          if (it != of.type.members->end()) return it->second;
          for (const auto& [known, type] : *of.type.members) suggestion.consider(known);
        }
        fail(offset, fmt::format("'{}' has no member '{}'{}", text(of), name, suggestion.text()));
        return {};
      }
      case K::stopwatch: plain(of); return {};
      default:
        fail(offset, fmt::format("'{}' is {}, which has no members", text(of), describe(of.type)));
        return {};
    }
  }

  Node select(Node of, std::string name, std::size_t offset, std::size_t end) {
    auto type = member_type(*of, name, offset);
    if (!type) return nullptr;
    if (of->op != Op::path && of->op != Op::local && of->op != Op::member) {
      std::size_t begin = of->outer_begin;
      std::string path = of->path;
      of = make(Op::member, {}, begin, end, nodes(std::move(of)));
      if (!of) return nullptr;
      of->path = std::move(path);
    }
    of->type = std::move(*type);
    if (!of->path.empty()) of->path += "." + name;
    of->members.push_back(std::move(name));
    of->begin = of->outer_begin;
    of->end = of->outer_end = end;
    return of;
  }

  Node index(Node of) {
    const Token& open = tokens[at++];
    Node key = expression();
    if (!key) return nullptr;
    std::size_t end = peek().end;
    if (!take("]")) return expected("']'");
    if (!plain(*key)) return nullptr;
    if (of->type.kind == K::object) {
      // The members of an object are known by name only, so the key must be a literal too.
      if (key->op != Op::constant || !key->value.is(Value::Kind::string))
        return fail(key->begin, fmt::format("a member of '{}' is chosen by a literal name", text(*of)));
      return select(std::move(of), key->value.as_string(), key->begin, end);
    }
    if (!plain(*of)) return nullptr;
    const K k = key->type.kind;
    Type type;
    switch (of->type.kind) {
      case K::list:
        if (!one_of(k, {K::integer, K::any}))
          return fail(key->begin, fmt::format("a list is indexed by int, but '{}' is {}", text(*key),
                                              describe(key->type)));
        type = element_of(of->type);
        break;
      case K::map:
        if (!one_of(k, {K::string, K::any}))
          return fail(key->begin, fmt::format("a map is indexed by string, but '{}' is {}", text(*key),
                                              describe(key->type)));
        type = element_of(of->type);
        break;
      case K::any:
        if (!one_of(k, {K::integer, K::string, K::any}))
          return fail(key->begin, fmt::format("[] takes int or string, but '{}' is {}", text(*key),
                                              describe(key->type)));
        break;
      default:
        return fail(open.begin, fmt::format("[] looks into lists and maps, but '{}' is {}", text(*of),
                                            describe(of->type)));
    }
    std::size_t begin = of->outer_begin;
    std::string path = of->path;
    Node node = make(Op::index, std::move(type), begin, end, nodes(std::move(of), std::move(key)));
    if (node) node->path = std::move(path);
    return node;
  }

  Node primary() {
    const Token& t = peek();
    switch (t.kind) {
      case Token::Kind::end:
        return fail(t.begin, tokens.size() == 1 ? "an expression is expected" : "something is missing at the end");
      case Token::Kind::integer:
      case Token::Kind::number:
      case Token::Kind::duration: return literal(false);
      case Token::Kind::string: {
        ++at;
        Type type = Type::one_of({t.value.as_string()});
        type.literal = true;
        Node node = make(Op::constant, std::move(type), t.begin, t.end);
        node->value = t.value;
        return node;
      }
      case Token::Kind::identifier: return name();
      case Token::Kind::symbol: break;
    }
    if (t.text == "[") return list();
    if (t.text == "{") return map();
    if (!take("(")) return expected("a value");
    Node inner = expression();
    if (!inner) return nullptr;
    std::size_t end = peek().end;
    if (!take(")")) return expected("')'");
    inner->outer_begin = t.begin;
    inner->outer_end = end;
    return inner;
  }

  Node name() {
    const Token& t = tokens[at++];
    auto constant = [&](K kind, Value value) {
      Node node = make(Op::constant, Type::of(kind), t.begin, t.end);
      node->value = std::move(value);
      return node;
    };
    if (t.text == "true") return constant(K::boolean, true);
    if (t.text == "false") return constant(K::boolean, false);
    if (t.text == "null") return constant(K::null, {});
    if (t.text == "in") return fail(t.begin, "a value is expected here, not 'in'");
    if (sees("(")) return call(t);
    for (std::size_t i = locals.size(); i-- > 0;) {
      if (locals[i].name != t.text) continue;
      Node node = make(Op::local, locals[i].type, t.begin, t.end);
      node->slot = i;
      node->path = locals[i].path;
      return node;
    }
    for (std::size_t i = 0; i < scope.roots.size(); ++i) {
      if (scope.roots[i].first != t.text) continue;
      Node node = make(Op::path, scope.roots[i].second, t.begin, t.end);
      node->slot = i;
      node->path = t.text;
      return node;
    }
    Suggestion suggestion(t.text);
    for (const auto& local : locals) suggestion.consider(local.name);
    for (const auto& root : scope.roots) suggestion.consider(root.first);
    return fail(t.begin, fmt::format("unknown name '{}'{}", t.text, suggestion.text()));
  }

  // The type of the elements of a list literal. All words of literals are gathered at once: a list may be long.
  Type joined(const Nodes& kids) {
    std::vector<std::string> words;
    std::set<std::string_view> seen;
    for (const auto& kid : kids)
      if (kid->op == Op::constant && kid->value.is(Value::Kind::string) && seen.insert(kid->value.as_string()).second)
        words.push_back(kid->value.as_string());
    std::optional<Type> type;
    if (!words.empty()) {
      type = Type::one_of(std::move(words));
      type->literal = true;
    }
    for (const auto& kid : kids) {
      if (kid->op == Op::constant && kid->value.is(Value::Kind::string)) continue;
      type = type ? join(*type, kid->type).value_or(Type::of(K::any)) : kid->type;
    }
    return type ? *type : Type::of(K::any);
  }

  Node list_of(Nodes kids, std::size_t begin, std::size_t end) {
    Type element = joined(kids);
    Node node = make(Op::list, Type::list_of(std::move(element)), begin, end, std::move(kids));
    if (!node) return nullptr;
    node->folded = std::all_of(node->kids.begin(), node->kids.end(), [](const auto& kid) {
      return kid->op == Op::constant || (kid->op == Op::list && kid->folded);
    });
    if (node->folded) {
      List all;
      for (const auto& kid : node->kids) all.push_back(kid->value);
      node->value = Value(std::move(all));
    }
    return node;
  }

  Node list() {
    const Token& open = tokens[at++];
    Nodes kids;
    while (!sees("]")) {
      Node kid = expression();
      if (!kid || !plain(*kid)) return nullptr;
      kids.push_back(std::move(kid));
      if (!sees("]") && !take(",")) return expected("',' or ']'");
    }
    std::size_t end = tokens[at++].end;
    return list_of(std::move(kids), open.begin, end);
  }

  Node map() {
    const Token& open = tokens[at++];
    Nodes kids;
    bool literal = true;
    std::map<std::string, Type, std::less<>> members;
    std::optional<Type> element;
    while (!sees("}")) {
      Node key = expression();
      if (!key || !plain(*key)) return nullptr;
      if (!one_of(key->type.kind, {K::string, K::any}))
        return fail(key->begin, fmt::format("the keys of a map are strings, but '{}' is {}", text(*key),
                                            describe(key->type)));
      if (!take(":")) return expected("':'");
      Node value = expression();
      if (!value || !plain(*value)) return nullptr;
      element = element ? join(*element, value->type).value_or(Type::of(K::any)) : value->type;
      if (key->op == Op::constant) {
        if (!members.emplace(key->value.as_string(), value->type).second)
          return fail(key->begin, fmt::format("the key '{}' stands twice", key->value.as_string()));
      } else {
        literal = false;
      }
      kids.push_back(std::move(key));
      kids.push_back(std::move(value));
      if (!sees("}") && !take(",")) return expected("',' or '}'");
    }
    std::size_t end = tokens[at++].end;
    Type type = literal && !members.empty() ? Type::object_of(std::move(members))
                                            : Type::map_of(element ? *element : Type::of(K::any));
    return make(Op::map, std::move(type), open.begin, end, std::move(kids));
  }

  // ---- calls ----

  // The arguments after an opening parenthesis, which is the current token. `end`: after the closing one.
  bool arguments(Nodes& args, std::size_t& end) {
    ++at;
    while (!sees(")")) {
      Node arg = expression();
      if (!arg) return false;
      args.push_back(std::move(arg));
      if (!sees(")") && !take(",")) {
        expected("',' or ')'");
        return false;
      }
    }
    end = tokens[at++].end;
    return true;
  }

  Node call(const Token& name) {
    Nodes args;
    std::size_t end = 0;
    if (!arguments(args, end)) return nullptr;
    if (name.text == "has") return has(name, std::move(args), end);
    return resolve(name, false, std::move(args), name.begin, end);
  }

  Node has(const Token& name, Nodes args, std::size_t end) {
    if (args.size() != 1) return fail(name.begin, "has() takes one path");
    if (!plain(*args[0])) return nullptr;
    switch (args[0]->op) {
      case Op::path:
      case Op::local:
      case Op::member:
      case Op::index:
      case Op::call: break;
      default: return fail(args[0]->begin, fmt::format("has() asks about a path, which '{}' is not", text(*args[0])));
    }
    return make(Op::has, Type::of(K::boolean), name.begin, end, std::move(args));
  }

  Node method(Node receiver, const Token& name) {
    static constexpr std::pair<std::string_view, Op> macros[] = {{"all", Op::all},
                                                                 {"exists", Op::exists},
                                                                 {"exists_one", Op::exists_one},
                                                                 {"filter", Op::filter},
                                                                 {"map", Op::map_each}};
    for (const auto& [word, op] : macros)
      if (name.text == word) return macro(op, std::move(receiver), name);
    Nodes args;
    std::size_t begin = receiver->outer_begin, end = 0;
    args.push_back(std::move(receiver));
    if (!arguments(args, end)) return nullptr;
    return resolve(name, true, std::move(args), begin, end);
  }

  Node macro(Op op, Node range, const Token& name) {
    if (!plain(*range)) return nullptr;
    Local local;
    local.path = range->path;
    switch (range->type.kind) {
      case K::any: break;
      case K::list: local.type = element_of(range->type); break;
      case K::map:
        local.type = Type::of(K::string);
        local.path.clear();
        break;
      default:
        return fail(name.begin, fmt::format("{}() walks a list or a map, but '{}' is {}", name.text, text(*range),
                                            describe(range->type)));
    }
    ++at;
    const Token& variable = peek();
    constexpr std::string_view words[] = {"true", "false", "null", "in"};
    const bool taken = std::find(std::begin(words), std::end(words), variable.text) != std::end(words);
    if (variable.kind != Token::Kind::identifier || !sees(",", 1) || taken)
      return fail(variable.begin, fmt::format("{0}() is written list.{0}(name, expression)", name.text));
    local.name = variable.text;
    ++at;
    std::size_t slot = locals.size();
    locals.push_back(std::move(local));
    Nodes kids;
    kids.push_back(std::move(range));
    const std::size_t most = op == Op::map_each ? 3 : 2;
    while (kids.size() < most && take(",")) {
      Node body = expression();
      if (!body) return nullptr;
      kids.push_back(std::move(body));
    }
    locals.pop_back();
    std::size_t end = peek().end;
    if (!take(")")) return expected("')'");
    Type type = Type::of(K::boolean);
    if (op == Op::map_each) {
      if (!plain(*kids.back())) return nullptr;
      if (kids.size() == 3 && !needs_bool(*kids[1], "map()")) return nullptr;
      type = Type::list_of(kids.back()->type);
    } else {
      if (!needs_bool(*kids[1], std::string(name.text) + "()")) return nullptr;
      if (op == Op::filter) {
        const Type& of = kids[0]->type;
        type = Type::list_of(of.kind == K::list ? element_of(of) : Type::of(of.kind == K::map ? K::string : K::any));
      }
    }
    std::size_t begin = kids[0]->outer_begin;
    // What is filtered keeps its path: a later macro over it still says which field was not filled.
    std::string path = op == Op::filter && kids[0]->type.kind == K::list ? kids[0]->path : std::string();
    Node node = make(op, std::move(type), begin, end, std::move(kids));
    if (!node) return nullptr;
    node->slot = slot;
    node->path = std::move(path);
    return node;
  }

  Node resolve(const Token& name, bool method, Nodes args, std::size_t begin, std::size_t end) {
    const Function* near = nullptr;  // the name is right
    for (const Function& f : scope.functions) {
      if (f.name != name.text) continue;
      near = &f;
      if (f.method != method || args.size() > f.parameters.size() || args.size() + f.optional < f.parameters.size())
        continue;
      bool fit = true;
      for (std::size_t i = 0; i < args.size() && fit; ++i) fit = assignable(args[i]->type, f.parameters[i]);
      if (!fit) continue;
      calls.insert(f.name);
      reads.insert(f.reads.begin(), f.reads.end());
      Node node = make(Op::call, f.result, begin, end, std::move(args));
      if (node) node->function = std::make_shared<const Function>(f);
      return node;
    }
    const BuiltIn* known = nullptr;
    for (const BuiltIn& b : built_in)
      if (b.name == name.text) known = &b;
    const bool form = known && (method ? known->method : known->global);
    if (form && args.size() >= known->least && args.size() <= known->most) {
      for (const auto& arg : args)
        if (!plain(*arg)) return nullptr;
      auto type = built_in_type(known->op, args, name.begin);
      if (error) return nullptr;
      if (type) {
        calls.insert(std::string(name.text));
        return built(known->op, std::move(*type), std::move(args), begin, end);
      }
      if (!near) return fail(name.begin, fmt::format("{} cannot take ({})", name.text, types(args)));
    }
    if (!near && !known) {
      Suggestion suggestion(name.text);
      for (const Function& f : scope.functions)
        if (f.method == method) suggestion.consider(f.name);
      for (const BuiltIn& b : built_in)
        if (method ? b.method : b.global) suggestion.consider(b.name);
      return fail(name.begin, fmt::format("unknown {} '{}'{}", method ? "method" : "function", name.text,
                                          suggestion.text()));
    }
    bool as_method = near ? near->method : known->method;
    bool as_global = near ? !near->method : known->global;
    if (method ? !as_method : !as_global)
      return fail(name.begin, method ? fmt::format("{0} is written {0}(x)", name.text)
                                     : fmt::format("{0} is written x.{0}()", name.text));
    if (near) {
      std::string wanted;
      for (const Function& f : scope.functions) {
        if (f.name != name.text || f.method != method) continue;
        wanted += wanted.empty() ? "(" : " or (";
        for (std::size_t i = 0; i < f.parameters.size(); ++i)
          wanted += fmt::format("{}{}{}", i ? ", " : "", describe(f.parameters[i]),
                                i + f.optional >= f.parameters.size() ? "?" : "");
        wanted += ")";
      }
      return fail(name.begin, fmt::format("{} takes {}, not ({})", name.text, wanted, types(args)));
    }
    return fail(name.begin, fmt::format("{} does not take {} argument(s)", name.text, args.size() - (method ? 1 : 0)));
  }

  static std::string types(const Nodes& args) {
    std::string out;
    for (const auto& arg : args) out += (out.empty() ? "" : ", ") + describe(arg->type);
    return out;
  }

  // The result of a built-in function; nothing if it cannot take the arguments.
  std::optional<Type> built_in_type(Op op, const Nodes& args, std::size_t offset) {
    const Type& x = args[0]->type;
    auto given = [](bool fit, K result) { return fit ? std::optional(Type::of(result)) : std::nullopt; };
    auto is_one = [&](std::size_t i, std::initializer_list<K> kinds) {
      return args[i]->type.kind == K::any || one_of(args[i]->type.kind, kinds);
    };
    switch (op) {
      case Op::size: return given(is_one(0, {K::string, K::list, K::map}), K::integer);
      case Op::contains:
        if (x.kind == K::list) {
          if (!membership_fits(*args[1], *args[0], offset)) return {};
        } else if (x.kind == K::string ? !is_one(1, {K::string}) : x.kind != K::any) {
          return {};
        }
        return Type::of(K::boolean);
      case Op::starts_with:
      case Op::ends_with:
        return given(is_one(0, {K::string}) && is_one(1, {K::string}), K::boolean);
      case Op::lower_ascii: return given(is_one(0, {K::string}), K::string);
      case Op::to_integer:
        return given(is_one(0, {K::integer, K::number, K::string, K::timestamp}), K::integer);
      case Op::to_number:
        return given(is_one(0, {K::integer, K::number, K::string}), K::number);
      case Op::to_string:
        if (!is_one(0, {K::boolean, K::integer, K::number, K::string, K::timestamp, K::duration})) return {};
        return Type::of(K::string);
      case Op::to_duration:
        return given(is_one(0, {K::string, K::duration}), K::duration);
      case Op::to_timestamp:
        return given(is_one(0, {K::string, K::timestamp}), K::timestamp);
      case Op::minimum:
      case Op::maximum: {
        if (args.size() == 1 && x.kind == K::any) return x;
        Type element = args.size() == 1 ? element_of(x) : joined(args);
        if (args.size() == 1 && x.kind != K::list) return {};
        if (!one_of(element.kind, {K::any, K::integer, K::number, K::string, K::timestamp, K::duration})) return {};
        return element;
      }
      case Op::sum:
        if (x.kind == K::any) return x;
        if (x.kind != K::list || !one_of(element_of(x).kind, {K::any, K::integer, K::number, K::duration})) return {};
        return element_of(x);
      case Op::unique:
        if (!is_one(0, {K::list})) return {};
        return x.kind == K::any ? Type::list_of(x) : x;
      case Op::intersects:
        if (!is_one(0, {K::list}) || !is_one(1, {K::list})) return {};
        if (x.kind == K::list && args[1]->type.kind == K::list && !equality_fits(*args[0], *args[1], offset)) return {};
        return Type::of(K::boolean);
      default: return {};
    }
  }

  Node built(Op op, Type type, Nodes args, std::size_t begin, std::size_t end) {
    const Tree& x = *args[0];
    if ((op == Op::to_duration || op == Op::to_timestamp) && x.op == Op::constant && x.value.is(Value::Kind::string)) {
      const std::string& text = x.value.as_string();
      Value value;
      if (op == Op::to_duration) {
        auto d = parse_duration(text);
        if (!d) return fail(x.begin, fmt::format("'{}' is no duration; write it like 1h30m", text));
        value = *d;
      } else {
        auto t = parse_rfc3339(text);
        if (!t)
          return fail(x.begin, fmt::format("'{}' is no timestamp; write it like 2026-03-02T09:00:00+08:00", text));
        value = *t;
      }
      Node node = make(Op::constant, std::move(type), begin, end);
      node->value = std::move(value);
      node->figure = op == Op::to_duration ? Tree::Figure::quoted_duration : Tree::Figure::quoted_timestamp;
      node->figure_begin = x.begin;
      node->figure_end = x.end;
      return node;
    }
    std::shared_ptr<const std::vector<std::string>> words;
    if (op == Op::minimum || op == Op::maximum) {
      words = rank_of(type, type).words;
      if (args.size() > 1) {
        std::size_t first = args.front()->outer_begin, last = args.back()->outer_end;
        Node all = list_of(std::move(args), first, last);
        if (!all) return nullptr;
        args = nodes(std::move(all));
      }
    }
    Node node = make(op, std::move(type), begin, end, std::move(args));
    if (node) node->words = std::move(words);
    return node;
  }

  // ---- the whole ----

  void collect(const Tree& t) {
    for (const auto& kid : t.kids) collect(*kid);
    if (t.path.empty() || (t.op != Op::path && t.op != Op::local && t.op != Op::member)) return;
    // Below the root every prefix counts: who asks "does this read ticket.window" must learn of ticket.window.start.
    std::size_t dot = t.path.find('.');
    if (dot == std::string::npos) {
      reads.insert(t.path);
      return;
    }
    do {
      dot = t.path.find('.', dot + 1);
      reads.insert(t.path.substr(0, dot));
    } while (dot != std::string::npos);
  }

  std::expected<Program, CompileError> run(const Type& expected_type) {
    Node root = expression();
    if (root && peek().kind != Token::Kind::end) {
      expected("an operator or the end");
      root.reset();
    }
    if (root && plain(*root) && !assignable(root->type, expected_type)) {
      std::string got = root->op == Op::constant ? text(*root) : describe(root->type);
      fail(root->begin, fmt::format("{} is expected, but the expression is {}", describe(expected_type), got));
    }
    if (error) return std::unexpected(std::move(*error));
    collect(*root);
    auto body = std::make_shared<Program::Body>();
    body->source = source;
    const bool promised = expected_type.kind != K::any && (holds_any(root->type) || root->type.kind == K::null);
    body->deep = promised && root->type.kind != K::null;
    body->type = promised ? expected_type : root->type;
    body->reads = std::move(reads);
    body->calls = std::move(calls);
    body->root = std::move(root);
    Program program;
    program.body_ = std::move(body);
    return program;
  }
};

std::expected<Program, CompileError> compile(std::string_view source, const Scope& scope, const Type& expected) {
  if (source.size() > source_limit)
    return std::unexpected(CompileError{1, fmt::format("the expression is longer than {} bytes", source_limit)});
  if (!valid_utf8(source)) return std::unexpected(CompileError{1, "the expression is not valid UTF-8"});
  auto tokens = tokenize(source);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  Compiler compiler{source, scope, std::move(*tokens), 0, 0, {}, {}, {}, {}};
  return compiler.run(expected);
}

}  // namespace anlan::expr
