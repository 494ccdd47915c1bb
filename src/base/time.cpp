#include "concertres/time.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

namespace concertres {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int year_min = 1970;
constexpr int year_max = 9999;

Duration read_clock(clockid_t clock) {
    timespec now{};
    if (clock_gettime(clock, &now) != 0) {
        throw std::system_error(errno, std::generic_category(), "clock_gettime");
    }
    return seconds(now.tv_sec) + Duration(now.tv_nsec / 1000);
}

class SystemClock final : public Clock {
  public:
    Time wall() override { return Time(read_clock(CLOCK_REALTIME)); }
    Duration elapsed() override { return read_clock(CLOCK_BOOTTIME); }
};

// What RFC 3339 can write.
constexpr Time written_first = sys_days(std::chrono::year(0) / 1 / 1);
constexpr Time written_last = Time(sys_days(std::chrono::year(10'000) / 1 / 1)) - Duration(1);

// The calendar's view of a time in an offset.
struct LocalTime {
    LocalTime(Time time, minutes utc_offset) {
        // Clamped before, so that the sum cannot overflow, and after, because it may leave the
        // range.
        const Time near = std::clamp(time, written_first, written_last);
        const Time local = std::clamp(near + utc_offset, written_first, written_last);
        const sys_days day = floor<days>(local);
        date = year_month_day(day);
        time_of_day = local - day;
    }

    year_month_day date;
    Duration time_of_day{0};
};

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out += digits;
}

void append_date(std::string& out, const year_month_day& date) {
    append_padded(out, static_cast<int>(date.year()), 4);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.day()), 2);
}

void append_time_of_day(std::string& out, Duration time) {
    const std::chrono::hh_mm_ss parts(floor<std::chrono::milliseconds>(time));
    append_padded(out, parts.hours().count(), 2);
    out += ':';
    append_padded(out, parts.minutes().count(), 2);
    out += ':';
    append_padded(out, parts.seconds().count(), 2);
    out += '.';
    append_padded(out, parts.subseconds().count(), 3);
}

void append_date_and_time(std::string& out, Time time, minutes utc_offset) {
    const LocalTime local(time, utc_offset);
    append_date(out, local.date);
    out += 'T';
    append_time_of_day(out, local.time_of_day);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads a text from its front; each step says whether the text was as it must be.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool number(std::size_t digits, int& out) {
        if (rest_.size() < digits) return false;
        out = 0;
        for (const char c : rest_.substr(0, digits)) {
            if (!is_digit(c)) return false;
            out = out * 10 + (c - '0');
        }
        rest_.remove_prefix(digits);
        return true;
    }

    bool one_of(std::string_view allowed, char& out) {
        if (rest_.empty() || allowed.find(rest_.front()) == allowed.npos) return false;
        out = rest_.front();
        rest_.remove_prefix(1);
        return true;
    }

    bool literal(char expected) {
        char ignored = 0;
        return one_of({&expected, 1}, ignored);
    }

    bool date(year_month_day& out) {
        int year = 0;
        int month = 0;
        int day = 0;
        if (!number(4, year) || !literal('-') || !number(2, month) || !literal('-') ||
            !number(2, day)) {
            return false;
        }
        out = year_month_day(std::chrono::year(year),
                             std::chrono::month(static_cast<unsigned>(month)),
                             std::chrono::day(static_cast<unsigned>(day)));
        return out.ok() && year >= year_min && year <= year_max;
    }

    bool hour_minute(int& hour, int& minute) {
        return number(2, hour) && hour <= 23 && literal(':') && number(2, minute) && minute <= 59;
    }

    bool time_of_day(Duration& out) {
        int hour = 0;
        int minute = 0;
        int second = 0;
        // No leap second: a count of microseconds since 1970 has no place for it.
        if (!hour_minute(hour, minute) || !literal(':') || !number(2, second) || second > 59) {
            return false;
        }
        Duration fraction{0};
        if (literal('.') && !digits_of_fraction(fraction)) return false;
        out = hours(hour) + minutes(minute) + seconds(second) + fraction;
        return true;
    }

    bool utc_offset(minutes& out) {
        char sign = 0;
        if (!one_of("+-Zz", sign)) return false;
        out = minutes(0);
        if (sign == 'Z' || sign == 'z') return true;
        int hour = 0;
        int minute = 0;
        if (!hour_minute(hour, minute)) return false;
        out = hours(hour) + minutes(minute);
        if (sign == '-') out = -out;
        return true;
    }

    bool at_end() const { return rest_.empty(); }

  private:
    // One to six digits; a seventh is left unread and refused by what comes next.
    bool digits_of_fraction(Duration& out) {
        std::int64_t unit = 100'000;
        bool any = false;
        for (; unit > 0 && !rest_.empty() && is_digit(rest_.front()); unit /= 10) {
            out += Duration(unit * (rest_.front() - '0'));
            rest_.remove_prefix(1);
            any = true;
        }
        return any;
    }

    std::string_view rest_;
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

StoreClock::StoreClock(Clock& clock, Time mark)
    : clock_(&clock), origin_(std::max(mark, clock.wall())), opened_(clock.elapsed()) {}

Time StoreClock::now() const { return origin_ + (clock_->elapsed() - opened_); }

std::string to_rfc3339(Time time) {
    std::string out;
    append_rfc3339(out, time);
    return out;
}

void append_rfc3339(std::string& text, Time time) {
    append_date_and_time(text, time, minutes(0));
    text += 'Z';
}

std::string to_rfc3339(Time time, minutes utc_offset) {
    std::string out;
    append_date_and_time(out, time, utc_offset);
    out += utc_offset < minutes(0) ? '-' : '+';
    const minutes distance = std::chrono::abs(utc_offset);
    append_padded(out, distance / hours(1), 2);
    out += ':';
    append_padded(out, (distance % hours(1)).count(), 2);
    return out;
}

std::string local_date(Time time, minutes utc_offset) {
    std::string out;
    append_date(out, LocalTime(time, utc_offset).date);
    return out;
}

std::optional<OffsetTime> parse_rfc3339(std::string_view text) {
    Reader reader(text);
    year_month_day date;
    Duration time_of_day{0};
    minutes offset{0};
    char separator = 0;
    if (!reader.date(date) || !reader.one_of("Tt", separator) || !reader.time_of_day(time_of_day) ||
        !reader.utc_offset(offset) || !reader.at_end()) {
        return std::nullopt;
    }
    const Time time = Time(sys_days(date)) + time_of_day - offset;
    // Near the ends of the range the offset may carry the time over them.
    const int year = static_cast<int>(year_month_day(floor<days>(time)).year());
    if (year < year_min || year > year_max) return std::nullopt;
    return OffsetTime{time, offset};
}

bool is_date(std::string_view text) {
    Reader reader(text);
    year_month_day date;
    return reader.date(date) && reader.at_end();
}

}  // namespace concertres
