#include "http/date.h"

#include <algorithm>
#include <array>
#include <span>

#include "http/chars.h"

namespace isrd::http {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 7> short_days = {"sun", "mon", "tue", "wed",
                                                        "thu", "fri", "sat"};
constexpr std::array<std::string_view, 7> long_days = {"sunday",   "monday", "tuesday", "wednesday",
                                                       "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};

/// Reads from the front of a text; after the first failure nothing succeeds any more, so that only
/// the end is checked.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  void literal(std::string_view expected) {
    if (!starts_with(expected)) return fail();
    rest_.remove_prefix(expected.size());
  }

  /// The index of the name that comes next.
  unsigned name(std::span<const std::string_view> names) {
    for (unsigned i = 0; i < names.size(); ++i) {
      if (!starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return i;
    }
    fail();
    return 0;
  }

  int digits(std::size_t count) {
    int value = 0;
    if (rest_.size() < count) fail();
    for (std::size_t i = 0; i < count && !failed_; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') {
        fail();
      } else {
        value = value * 10 + (rest_[i] - '0');
      }
    }
    if (!failed_) rest_.remove_prefix(count);
    return value;
  }

  bool starts_with(std::string_view expected) const {
    return !failed_ && rest_.size() >= expected.size() &&
           std::equal(expected.begin(), expected.end(), rest_.begin(),
                      [](char a, char b) { return lower(a) == lower(b); });
  }

  bool at_end() const { return !failed_ && rest_.empty(); }

 private:
  void fail() { failed_ = true; }

  std::string_view rest_;
  bool failed_ = false;
};

struct Clock {
  int hour = 0;
  int minute = 0;
  int second = 0;
};

Clock read_clock(Cursor& cursor) {
  Clock clock;
  clock.hour = cursor.digits(2);
  cursor.literal(":");
  clock.minute = cursor.digits(2);
  cursor.literal(":");
  clock.second = cursor.digits(2);
  return clock;
}

/// nullopt when the day or the time of day does not exist. Second 60 is in the grammar (a leap
/// second) and counts as the first of the next minute.
std::optional<Date> make_date(year_month_day ymd, Clock clock) {
  if (!ymd.ok() || clock.hour > 23 || clock.minute > 59 || clock.second > 60) return std::nullopt;
  return std::chrono::sys_days(ymd) + std::chrono::hours(clock.hour) +
         std::chrono::minutes(clock.minute) + std::chrono::seconds(clock.second);
}

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<Date> parse_imf_fixdate(std::string_view text) {
  Cursor cursor(text);
  cursor.name(short_days);
  cursor.literal(", ");
  const auto dd = static_cast<unsigned>(cursor.digits(2));
  cursor.literal(" ");
  const unsigned mm = cursor.name(months) + 1;
  cursor.literal(" ");
  const int yyyy = cursor.digits(4);
  cursor.literal(" ");
  const Clock clock = read_clock(cursor);
  cursor.literal(" GMT");
  if (!cursor.at_end()) return std::nullopt;
  return make_date(year(yyyy) / month(mm) / day(dd), clock);
}

/// RFC 9110 section 5.6.7: a two-digit year that appears to be more than 50 years in the future is
/// the most recent past year with these digits. So: the latest such date that is not more than 50
/// years ahead.
std::optional<Date> resolve_two_digit_year(int yy, month mm, day dd, Clock clock, Date now) {
  const year_month_day today(std::chrono::floor<std::chrono::days>(now));
  const int this_year = static_cast<int>(today.year());
  year_month_day horizon_day =
      (today.year() + std::chrono::years(50)) / today.month() / today.day();
  if (!horizon_day.ok()) horizon_day = horizon_day.year() / month(3) / day(1);  // 29 February
  const Date horizon =
      std::chrono::sys_days(horizon_day) + (now - std::chrono::floor<std::chrono::days>(now));
  const int first = this_year - this_year % 100 + 100 + yy;
  for (int candidate = first; candidate > first - 300; candidate -= 100) {
    const year_month_day ymd = year(candidate) / mm / dd;
    const year_month_day probe = ymd.ok() ? ymd : ymd.year() / mm / std::chrono::last;
    const std::optional<Date> date = make_date(probe, clock);
    if (!date) return std::nullopt;
    if (*date <= horizon) return make_date(ymd, clock);
  }
  return std::nullopt;
}

/// "Sunday, 06-Nov-94 08:49:37 GMT"
std::optional<Date> parse_rfc850(std::string_view text, Date now) {
  Cursor cursor(text);
  cursor.name(long_days);
  cursor.literal(", ");
  const auto dd = static_cast<unsigned>(cursor.digits(2));
  cursor.literal("-");
  const unsigned mm = cursor.name(months) + 1;
  cursor.literal("-");
  const int yy = cursor.digits(2);
  cursor.literal(" ");
  const Clock clock = read_clock(cursor);
  cursor.literal(" GMT");
  if (!cursor.at_end()) return std::nullopt;
  return resolve_two_digit_year(yy, month(mm), day(dd), clock, now);
}

/// "Sun Nov  6 08:49:37 1994"
std::optional<Date> parse_asctime(std::string_view text) {
  Cursor cursor(text);
  cursor.name(short_days);
  cursor.literal(" ");
  const unsigned mm = cursor.name(months) + 1;
  cursor.literal(" ");
  const bool one_digit = cursor.starts_with(" ");
  if (one_digit) cursor.literal(" ");
  const auto dd = static_cast<unsigned>(cursor.digits(one_digit ? 1 : 2));
  cursor.literal(" ");
  const Clock clock = read_clock(cursor);
  cursor.literal(" ");
  const int yyyy = cursor.digits(4);
  if (!cursor.at_end()) return std::nullopt;
  return make_date(year(yyyy) / month(mm) / day(dd), clock);
}

void write_digits(char* out, unsigned value, int count) {
  for (int i = count - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::optional<Date> parse_date(std::string_view text, Date now) {
  // The byte behind the short name of the day tells the grammars apart.
  if (text.size() < 4) return std::nullopt;
  if (text[3] == ',') return parse_imf_fixdate(text);
  if (text[3] == ' ') return parse_asctime(text);
  return parse_rfc850(text, now);
}

void write_date(char* out, Date date) {
  // Four digits of a year is all the form has.
  constexpr Date earliest = std::chrono::sys_days(year(0) / month(1) / day(1));
  constexpr Date latest =
      std::chrono::sys_days(year(10000) / month(1) / day(1)) - std::chrono::seconds(1);
  date = std::clamp(date, earliest, latest);
  const auto midnight = std::chrono::floor<std::chrono::days>(date);
  const year_month_day ymd(midnight);
  const std::chrono::hh_mm_ss time(date - midnight);
  constexpr std::string_view form = "Xxx, 00 Xxx 0000 00:00:00 GMT";
  std::copy(form.begin(), form.end(), out);
  constexpr std::string_view day_names = "SunMonTueWedThuFriSat";
  constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  day_names.copy(out, 3, 3 * std::chrono::weekday(midnight).c_encoding());
  write_digits(out + 5, static_cast<unsigned>(ymd.day()), 2);
  month_names.copy(out + 8, 3, 3 * (static_cast<unsigned>(ymd.month()) - 1));
  write_digits(out + 12, static_cast<unsigned>(static_cast<int>(ymd.year())), 4);
  write_digits(out + 17, static_cast<unsigned>(time.hours().count()), 2);
  write_digits(out + 20, static_cast<unsigned>(time.minutes().count()), 2);
  write_digits(out + 23, static_cast<unsigned>(time.seconds().count()), 2);
}

std::string format_date(Date date) {
  std::string text(29, '\0');
  write_date(text.data(), date);
  return text;
}

}  // namespace isrd::http
