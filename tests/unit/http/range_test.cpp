#include "http/range.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace isrd::http {
namespace {

constexpr std::uint64_t greatest = ~std::uint64_t{0};

struct Row {
  std::string_view value;
  std::uint64_t size;
  RangeAnswer answer;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

void check(const Row& row) {
  SCOPED_TRACE(std::string(row.value) + " of " + std::to_string(row.size));
  const RangeResult result = evaluate_range(row.value, row.size);
  ASSERT_EQ(result.answer, row.answer);
  EXPECT_EQ(result.range.first, row.first);
  EXPECT_EQ(result.range.length, row.length);
}

TEST(Range, three_forms) {
  const Row rows[] = {
      {"bytes=0-4", 10, RangeAnswer::partial, 0, 5},
      {"bytes=0-0", 10, RangeAnswer::partial, 0, 1},
      {"bytes=9-9", 10, RangeAnswer::partial, 9, 1},
      {"bytes=5-", 10, RangeAnswer::partial, 5, 5},
      {"bytes=0-", 10, RangeAnswer::partial, 0, 10},
      {"bytes=-5", 10, RangeAnswer::partial, 5, 5},
      {"bytes=-1", 10, RangeAnswer::partial, 9, 1},
      {"bytes=-10", 10, RangeAnswer::partial, 0, 10},
      {"bytes=-11", 10, RangeAnswer::partial, 0, 10},
      {"bytes=5-100", 10, RangeAnswer::partial, 5, 5},
      {"bytes=00-04", 10, RangeAnswer::partial, 0, 5},
      {"BYTES=0-4", 10, RangeAnswer::partial, 0, 5},
      {"bytes= 0-4 ", 10, RangeAnswer::partial, 0, 5},
      {"bytes=0-4,", 10, RangeAnswer::partial, 0, 5},
      {"bytes=,\t0-4", 10, RangeAnswer::partial, 0, 5},
  };
  for (const Row& row : rows) check(row);
}

TEST(Range, out_of_bounds) {
  const Row rows[] = {
      {"bytes=10-", 10, RangeAnswer::unsatisfiable},
      {"bytes=10-20", 10, RangeAnswer::unsatisfiable},
      {"bytes=-0", 10, RangeAnswer::unsatisfiable},
      {"bytes=0-", 0, RangeAnswer::unsatisfiable},
      {"bytes=0-0", 0, RangeAnswer::unsatisfiable},
      {"bytes=-0", 0, RangeAnswer::unsatisfiable},
      {"bytes=-5", 0, RangeAnswer::whole},
  };
  for (const Row& row : rows) check(row);
}

TEST(Range, arithmetic_does_not_wrap) {
  const Row rows[] = {
      {"bytes=0-18446744073709551615", 10, RangeAnswer::partial, 0, 10},
      {"bytes=0-18446744073709551616", 10, RangeAnswer::partial, 0, 10},
      {"bytes=1-99999999999999999999999999", 10, RangeAnswer::partial, 1, 9},
      {"bytes=18446744073709551616-", 10, RangeAnswer::unsatisfiable},
      {"bytes=18446744073709551617-18446744073709551618", 10, RangeAnswer::unsatisfiable},
      {"bytes=-18446744073709551616", 10, RangeAnswer::partial, 0, 10},
      {"bytes=0-18446744073709551615", greatest, RangeAnswer::partial, 0, greatest},
      {"bytes=18446744073709551614-", greatest, RangeAnswer::partial, greatest - 1, 1},
      {"bytes=18446744073709551615-", greatest, RangeAnswer::unsatisfiable},
      {"bytes=-18446744073709551615", greatest, RangeAnswer::partial, 0, greatest},
  };
  for (const Row& row : rows) check(row);
}

TEST(Range, what_is_not_one_range_of_bytes_is_ignored) {
  for (std::string_view value : {"",
                                 "bytes",
                                 "bytes=",
                                 "bytes=,",
                                 "bytes=-",
                                 "bytes=--5",
                                 "bytes=a-b",
                                 "bytes=0",
                                 "bytes=0-a",
                                 "bytes=0x1-5",
                                 "bytes=4-2",
                                 "bytes=0-1,3-4",
                                 "bytes=0-,-1",
                                 "bytes=0-1, 0-1",
                                 "bytes=0 -4",
                                 "bytes=0- 4",
                                 "bytes=+0-4",
                                 "bytes=0-+4",
                                 "bytes=0-4-",
                                 "bytes=0-4;x",
                                 "bytes 0-4",
                                 "bytes =0-4",
                                 "items=0-4",
                                 "bytes=0-4\"",
                                 "0-4",
                                 "=0-4",
                                 "bytes=\"0-4\"",
                                 "bytes=99999999999999999999-1"}) {
    check({value, 10, RangeAnswer::whole});
  }
}

}  // namespace
}  // namespace isrd::http
