#include <gtest/gtest.h>

#include <limits>

#include "base/text.h"
#include "base/value.h"

namespace anlan {
TEST(Rfc3339, ReadsAndWrites) {
  auto t = parse_rfc3339("2026-03-02T09:00:00+08:00");
  ASSERT_TRUE(t);
  EXPECT_EQ(format_rfc3339(*t), "2026-03-02T01:00:00Z");
  EXPECT_EQ(format_rfc3339(*t, 480), "2026-03-02T09:00:00+08:00");
  EXPECT_EQ(parse_rfc3339("2026-03-02T09:00+08:00"), t);
  for (auto bad : {"", "2026-02-30T00:00:00Z", "2026-03-02T09:00:00", "2026-03-02T24:00:00Z", "2026-03-02T09:00:00Zx", "2026-03-02T09:00:00.Z"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}
TEST(DurationText, RoundTrips) {
  for (auto s : {"0s", "1h30m", "-15m", "2d", "1500ms"}) {
    auto d = parse_duration(s);
    ASSERT_TRUE(d) << s;
    EXPECT_EQ(parse_duration(format_duration(*d)), d);
  }
  for (auto bad : {"", "5", "m", "30m1h", "1x", "-", "99999999999999d"}) EXPECT_FALSE(parse_duration(bad)) << bad;
}
TEST(Utf8, RefusesMalformed) {
  EXPECT_TRUE(valid_utf8("浙江"));
  EXPECT_FALSE(valid_utf8("\xC0\x80"));
  EXPECT_FALSE(valid_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(valid_utf8("\xE6\xB5"));
}
TEST(ValueTest, OrderAndEquality) {
  EXPECT_EQ(Value(3), Value(3.0));
  EXPECT_NE(Value(3), Value("3"));
  EXPECT_TRUE(Value(List{1, 2}) < Value(List{1, 3}));
  Value m = Value(Map{{"a", 1}}).with("b", "x");
  EXPECT_EQ(m["b"].as_string(), "x");
  EXPECT_TRUE(m["c"].is_null());
}
// Found by a fuzzer: numbers from outside reach this cast, and a cast from beyond the type is undefined.
TEST(ValueTest, ANumberBeyondTheIntegersIsHeldAtTheirBounds) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(Value(1e300).as_int(), most);
  EXPECT_EQ(Value(0x1p63).as_int(), most);
  EXPECT_EQ(Value(0x1.fffffffffffffp62).as_int(), 0x7ffffffffffffc00);
  EXPECT_EQ(Value(-1e300).as_int(), least);
  EXPECT_EQ(Value(-0x1p63).as_int(), least);
  EXPECT_EQ(Value(std::numeric_limits<double>::infinity()).as_int(), most);
  EXPECT_EQ(Value(std::numeric_limits<double>::quiet_NaN()).as_int(), 0);
  EXPECT_EQ(Value(-2.9).as_int(), -2);
}
}  // namespace anlan
