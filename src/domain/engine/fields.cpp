// Input from outside against field definitions, and ticket numbers.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "domain/engine/engine.h"

namespace anlan::engine {

bool controls(const std::string& s, bool lines) {
  return std::any_of(s.begin(), s.end(), [lines](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u == 0x7f || (u < 0x20 && !(lines && (c == '\n' || c == '\r' || c == '\t')));
  });
}

namespace {

constexpr std::size_t string_limit = 1000, text_limit = 100'000, list_limit = 2000;

std::string expected(const FieldType& type) {
  using T = FieldType::Kind;
  switch (type.kind) {
    case T::string: return fmt::format("a string of at most {} bytes", string_limit);
    case T::text: return fmt::format("a text of at most {} bytes", text_limit);
    case T::integer: return "a whole number";
    case T::number: return "a number";
    case T::boolean: return "true or false";
    case T::timestamp: return "a time as RFC 3339, e.g. 2026-03-02T09:00:00+08:00";
    case T::date: return "a date, e.g. 2026-03-02";
    case T::duration: return "a duration, e.g. 1h30m";
    case T::choice: return fmt::format("one of {}", fmt::join(type.words, ", "));
    case T::person: return "the id of a person";
    case T::board: return "the id of a board";
    case T::unit: return "the id of a unit";
    case T::ref: return fmt::format("the id of a record in {}", type.reg);
    case T::ticket: return "the number of a ticket";
    case T::interval: return "an object {start, end} of two times";
    case T::list: return fmt::format("a list of at most {} entries", list_limit);
    case T::table: return fmt::format("a list of at most {} rows", list_limit);
    case T::any: return "a value";
  }
  return "a value";
}

// A merge patch cannot say null: an object that holds one would not come back from the log. Absent says the same.
Value without_nulls(const Value& v) {
  if (!v.is(Value::Kind::map)) return v;
  Map out;
  for (const auto& [key, one] : v.as_map())
    if (!one.is_null()) out.emplace(key, without_nulls(one));
  return Value(std::move(out));
}

Result<Value> decode_value(const Value& v, const FieldType& type, const std::string& path, const calendar::Zone& zone);

Result<Value> decode_instant(const Value& v, const FieldType& type, const std::string& path, const calendar::Zone& zone) {
  if (v.is(Value::Kind::instant)) return v;
  if (v.is(Value::Kind::string)) {
    if (auto t = parse_rfc3339(v.as_string())) {
      if (type.kind == FieldType::Kind::date) return Value(zone.start_of(zone.day_of(*t)));
      return Value(*t);
    }
    if (type.kind == FieldType::Kind::date)
      if (auto day = calendar::parse_day(v.as_string())) return Value(zone.start_of(*day));
  }
  return fail(Code::invalid, fmt::format("{} must be {}", path, expected(type)), path);
}

Result<Value> decode_value(const Value& v, const FieldType& type, const std::string& path, const calendar::Zone& zone) {
  using T = FieldType::Kind;
  using V = Value::Kind;
  auto wrong = [&] { return fail(Code::invalid, fmt::format("{} must be {}", path, expected(type)), path); };
  if (v.is_null()) return v;
  switch (type.kind) {
    case T::string:
    case T::person:
    case T::board:
    case T::unit:
    case T::ref:
    case T::ticket:
      if (!v.is(V::string) || v.as_string().size() > string_limit) return wrong();
      if (controls(v.as_string(), false)) return fail(Code::invalid, path + " holds a line end or another control character", path);
      if (trim(v.as_string()).empty()) return Value();
      return v;
    case T::text:
      if (!v.is(V::string) || v.as_string().size() > text_limit) return wrong();
      if (controls(v.as_string(), true)) return fail(Code::invalid, path + " holds a control character", path);
      if (trim(v.as_string()).empty()) return Value();
      return v;
    case T::integer:
      if (v.is(V::integer)) return v;
      return wrong();
    case T::number:
      if (v.is(V::integer) || v.is(V::number)) return v;
      return wrong();
    case T::boolean:
      if (v.is(V::boolean)) return v;
      return wrong();
    case T::timestamp:
    case T::date: return decode_instant(v, type, path, zone);
    case T::duration: {
      if (v.is(V::duration)) return v;
      if (v.is(V::string))
        if (auto d = parse_duration(v.as_string())) return Value(*d);
      return wrong();
    }
    case T::choice:
      if (v.is(V::string) && std::find(type.words.begin(), type.words.end(), v.as_string()) != type.words.end()) return v;
      return wrong();
    case T::interval: {
      if (!v.is(V::map)) return wrong();
      static const FieldType timestamp{FieldType::Kind::timestamp, {}, {}, {}, {}, {}, {}};
      Map out;
      for (const auto& [key, part] : v.as_map()) {
        if (key != "start" && key != "end") return fail(Code::invalid, fmt::format("{}.{} is not known here; it takes start and end", path, key), path + "." + key);
        ANLAN_TRY(Value t, decode_value(part, timestamp, path + "." + key, zone));
        if (!t.is_null()) out.emplace(key, std::move(t));
      }
      if (out.contains("start") && out.contains("end") && out["end"].as_instant() < out["start"].as_instant())
        return fail(Code::invalid, fmt::format("{} ends before it starts", path), path);
      return Value(std::move(out));
    }
    case T::list: {
      if (!v.is(V::list) || v.as_list().size() > list_limit) return wrong();
      List out;
      for (std::size_t i = 0; i < v.as_list().size(); ++i) {
        ANLAN_TRY(Value one, decode_value(v.as_list()[i], *type.element, fmt::format("{}[{}]", path, i), zone));
        if (one.is_null()) return fail(Code::invalid, fmt::format("{}[{}] is empty", path, i), path);
        if (std::find(out.begin(), out.end(), one) == out.end()) out.push_back(std::move(one));
      }
      if (out.empty()) return Value();
      return Value(std::move(out));
    }
    case T::table: {
      if (!v.is(V::list) || v.as_list().size() > list_limit) return wrong();
      List out;
      for (std::size_t i = 0; i < v.as_list().size(); ++i) {
        auto row_path = fmt::format("{}[{}]", path, i);
        if (!v.as_list()[i].is(V::map)) return fail(Code::invalid, fmt::format("{} must be a row of named values", row_path), row_path);
        ANLAN_TRY(Value row, decode_fields(v.as_list()[i], type.columns, row_path, zone));
        for (const FieldDef& column : type.columns)
          if (column.required && row[column.key].is_null())
            return fail(Code::invalid, fmt::format("{}.{} is not filled", row_path, column.key), row_path + "." + column.key);
        out.push_back(std::move(row));
      }
      if (out.empty()) return Value();
      return Value(std::move(out));
    }
    case T::any: return without_nulls(v);
  }
  return wrong();
}

}  // namespace

Result<Value> decode_fields(const Value& given, const std::vector<FieldDef>& fields, const std::string& path,
                            const calendar::Zone& zone) {
  if (given.is_null()) return Value(Map{});
  if (!given.is(Value::Kind::map)) return fail(Code::invalid, fmt::format("{} must be an object", path), path);
  Map out;
  for (const auto& [key, v] : given.as_map()) {
    auto def = std::find_if(fields.begin(), fields.end(), [&](const FieldDef& f) { return f.key == key; });
    std::string field_path = path.empty() ? key : path + "." + key;
    if (def == fields.end()) {
      std::vector<std::string_view> known;
      for (const FieldDef& f : fields) known.push_back(f.key);
      return fail(Code::invalid, fmt::format("{} is not known here; known are: {}", field_path, fmt::join(known, ", ")), field_path);
    }
    ANLAN_TRY(Value decoded, decode_value(v, def->type, field_path, zone));
    out.emplace(key, std::move(decoded));
  }
  return Value(std::move(out));
}

namespace {
// Replaces {yyyy} {yy} {mm} {dd}; leaves {seq:n} to `seq`, or takes it out when there is none.
std::string fill(const std::string& pattern, Instant now, const calendar::Zone& zone, std::optional<std::int64_t> seq) {
  auto [year, month, day] = calendar::parts(zone.day_of(now));
  std::string out;
  for (std::size_t i = 0; i < pattern.size();) {
    if (pattern[i] != '{') {
      out += pattern[i++];
      continue;
    }
    auto end = pattern.find('}', i);
    if (end == std::string::npos) return out + pattern.substr(i);
    std::string_view name(pattern.data() + i + 1, end - i - 1);
    if (name == "yyyy") out += fmt::format("{:04}", year);
    else if (name == "yy") out += fmt::format("{:02}", year % 100);
    else if (name == "mm") out += fmt::format("{:02}", month);
    else if (name == "dd") out += fmt::format("{:02}", day);
    else if (name.starts_with("seq") && seq) {
      int width = name.size() > 4 ? name[4] - '0' : 1;
      out += fmt::format("{:0{}}", *seq, width);
    }
    i = end + 1;
  }
  return out;
}
}  // namespace

std::string sequence_name(const std::string& pattern, Instant now, const calendar::Zone& zone) { return fill(pattern, now, zone, {}); }
std::string format_number(const std::string& pattern, Instant now, const calendar::Zone& zone, std::int64_t seq) {
  return fill(pattern, now, zone, seq);
}

}  // namespace anlan::engine
