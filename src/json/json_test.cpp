#include "json/json.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>

namespace anlan {
namespace {

rc::Gen<std::string> any_text() {
  return rc::gen::map(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 12)), [](const std::vector<int>& picks) {
    static const char* pieces[] = {"a", "$", "\"", "\\", "\n", "\x01", "安澜", "😀", "/", "0", " ", "\x7f"};
    std::string out;
    for (int pick : picks) out += pieces[pick];
    return out;
  });
}

rc::Gen<double> any_double() {
  return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) {
    double d = std::bit_cast<double>(bits);
    return std::isnan(d) ? 0.1 : d;
  });
}

rc::Gen<Value> any_value(int depth, bool plain) {
  std::vector<rc::Gen<Value>> kinds{
      rc::gen::just(Value()), rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Value(b); }),
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return Value(n); }),
      rc::gen::map(any_double(), [plain](double d) { return Value(plain && !std::isfinite(d) ? 1.5 : d); }),
      rc::gen::map(any_text(), [](const std::string& s) { return Value(s); })};
  if (!plain) {
    kinds.push_back(rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return Value(Instant{n}); }));
    kinds.push_back(
        rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return Value(Duration{n}); }));
  }
  if (depth > 0) {
    auto inner = rc::gen::lazy([depth, plain] { return any_value(depth - 1, plain); });
    kinds.push_back(rc::gen::map(rc::gen::resize(6, rc::gen::container<List>(inner)), [](List l) { return Value(l); }));
    kinds.push_back(
        rc::gen::map(rc::gen::resize(6, rc::gen::container<std::map<std::string, Value>>(any_text(), inner)),
                     [](const std::map<std::string, Value>& m) {
                       Map members;
                       for (const auto& [key, value] : m) members.emplace(key, value);
                       return Value(std::move(members));
                     }));
  }
  return rc::gen::mapcat(rc::gen::inRange<std::size_t>(0, kinds.size()), [kinds](std::size_t i) { return kinds[i]; });
}

TEST(JsonCanonical, RoundTripsEveryValue) {
  EXPECT_TRUE(rc::check("parse_canonical(canonical(v)) == v, and the bytes are stable", [] {
    Value value = *rc::gen::noShrink(any_value(3, false));
    std::string bytes = json::canonical(value);
    auto again = json::parse_canonical(bytes);
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == value);
    RC_ASSERT(json::canonical(*again) == bytes);
    RC_ASSERT(bytes.find('\n') == std::string::npos);
  }));
}

TEST(JsonWire, RoundTripsPlainValues) {
  EXPECT_TRUE(rc::check("parse(write(v)) == v without instants and durations", [] {
    Value value = *rc::gen::noShrink(any_value(3, true));
    auto again = json::parse(json::write(value));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == value);
  }));
}

TEST(JsonWire, ReadsEveryPrefixWithoutHarm) {
  std::string text = R"({"a":[1,-2.5e3,true,null,"\u00e9\ud83d\ude00"],"b":{"c":{}}})";
  ASSERT_TRUE(json::parse(text));
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(json::parse(text.substr(0, n))) << n;
}

TEST(JsonWire, RefusesMalformedText) {
  for (const char* bad : {"",
                          " ",
                          "nul",
                          "tru",
                          "+1",
                          "01",
                          "1.",
                          ".5",
                          "1e",
                          "0x1",
                          "NaN",
                          "Infinity",
                          "'a'",
                          "\"",
                          "\"\\x\"",
                          "\"\\u12\"",
                          "\"\\ud800\"",
                          "\"\\ud800x\"",
                          "\"\\udc00\"",
                          "\"\\ud800\\ud800\"",
                          "\"\t\"",
                          "\"\xff\"",
                          "\"\xc0\x80\"",
                          "\"\xed\xa0\x80\"",
                          "[",
                          "]",
                          "[1,]",
                          "[,1]",
                          "[1 2]",
                          "{",
                          "}",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{a:1}",
                          "{1:1}",
                          "{\"a\" 1}",
                          "1 2",
                          "{} x",
                          "[1]]",
                          "// c\n1",
                          "/* c */ 1",
                          "\xef\xbb\xbf{}",
                          "1e999",
                          "-1e999",
                          "\x01",
                          "{\"a\":1,\"a\":2}",
                          "{\"a\":1,\"b\":2,\"a\":1}",
                          "[{\"k\":{\"x\":1,\"\\u0078\":2}}]"}) {
    auto value = json::parse(bad);
    ASSERT_FALSE(value) << bad;
    EXPECT_EQ(value.error().code, Code::invalid) << bad;
    EXPECT_NE(value.error().message.find("at byte"), std::string::npos) << value.error().message;
  }
}

TEST(JsonWire, NamesTheByteAndTheRepeatedKey) {
  auto error = json::parse(R"({"system":1,"system":2})").error();
  EXPECT_NE(error.message.find("\"system\" stands twice"), std::string::npos) << error.message;
  EXPECT_NE(json::parse("[1, 2, x]").error().message.find("at byte 7"), std::string::npos)
      << json::parse("[1, 2, x]").error().message;
}

TEST(JsonWire, HoldsItsLimits) {
  EXPECT_EQ(json::parse("[1,2,3]", {.bytes = 6}).error().code, Code::limit);
  EXPECT_TRUE(json::parse("[1,2,3]", {.bytes = 7}));
  EXPECT_TRUE(json::parse("[[[1]]]", {.depth = 3}));
  EXPECT_EQ(json::parse("[[[[1]]]]", {.depth = 3}).error().code, Code::invalid);
  std::string deep(100'000, '[');
  EXPECT_EQ(json::parse(deep).error().code, Code::invalid);
}

TEST(JsonWire, Numbers) {
  auto number = [](const char* text) { return json::parse(text).value(); };
  EXPECT_TRUE(number("9223372036854775807").is(Value::Kind::integer));
  EXPECT_TRUE(number("-9223372036854775808").is(Value::Kind::integer));
  EXPECT_TRUE(number("9223372036854775808").is(Value::Kind::number));
  EXPECT_TRUE(number("123456789012345678901234567890").is(Value::Kind::number));
  EXPECT_EQ(number("1e-999").as_number(), 0);
  EXPECT_EQ(number("5e-324").as_number(), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(json::write(Value(0.1)), "0.1");
  EXPECT_EQ(json::write(Value(-0.0)), "0");
  EXPECT_EQ(json::canonical(Value(3.0)), json::canonical(Value(3)));
  EXPECT_EQ(json::canonical(Value(1e17)), "100000000000000000");
  EXPECT_EQ(json::canonical(Value(1e300)), "1e+300");
  EXPECT_EQ(json::write(Value(std::numeric_limits<double>::infinity())), "null");
  EXPECT_TRUE(std::isnan(json::parse_canonical(json::canonical(Value(std::nan("")))).value().as_number()));
}

TEST(JsonWire, WritesTimesForPeople) {
  Value value(Map{{"at", Instant{1772413200000}}, {"for", minutes(90)}, {"none", Value()}});
  EXPECT_EQ(json::write(value), R"({"at":"2026-03-02T09:00:00+08:00","for":"1h30m","none":null})");
  EXPECT_EQ(json::write(value, 0), R"({"at":"2026-03-02T01:00:00Z","for":"1h30m","none":null})");
}

TEST(JsonCanonical, BytesAreFixed) {
  Value value(Map{{"b", List{1, 2.5, true, Value()}},
                  {"a", Instant{5}},
                  {"中", hours(-1)},
                  {"$t", 1},
                  {"e", Map{}},
                  {"s", "a/\x1f\n"}});
  EXPECT_EQ(
      json::canonical(value),
      "{\"$$t\":1,\"a\":{\"$t\":5},\"b\":[1,2.5,true,null],\"e\":{},\"s\":\"a/\\u001f\\n\",\"中\":{\"$d\":-3600000}}");
}

TEST(JsonCanonical, RefusesUnknownTags) {
  for (const char* bad :
       {R"({"$t":"x"})", R"({"$t":1.5})", R"({"$x":1})", R"({"$t":1,"a":2})", R"({"$":1})", R"({"$n":"big"})"}) {
    EXPECT_FALSE(json::parse_canonical(bad)) << bad;
  }
  EXPECT_EQ(json::parse(R"({"$t":1})").value(), Value(Map{{"$t", 1}}));  // on the wire it is a plain map
}

TEST(JsonCanonical, MendsMalformedUtf8) {
  auto again =
      json::parse_canonical(json::canonical(Value(std::string("a\xff\xe6\xb5"
                                                              "b\n浙\xe6"))));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->as_string(),
            "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
            "b\n浙\xEF\xBF\xBD");
}

}  // namespace
}  // namespace anlan
