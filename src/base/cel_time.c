/* Points in time: the calendar, and RFC 3339. */
#include "base/cel_value.h"

#include "base/parse.h"

enum { DAY = 86400 };

/* Days since 1970 of a date in the Gregorian calendar; the month counts from 1. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct cel_calendar cel_calendar_of(int64_t seconds)
{
    int64_t days = seconds / DAY, rest = seconds % DAY;
    if (rest < 0) {
        rest += DAY;
        days--;
    }
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct cel_calendar at = {.year = year_of_era + era * 400 + (month >= 10)};
    at.day = (int)(of_year - (153 * month + 2) / 5);
    at.month = (int)(month < 10 ? month + 2 : month - 10);
    at.hour = (int)(rest / 3600);
    at.minute = (int)(rest / 60 % 60);
    at.second = (int)(rest % 60);
    at.weekday = (int)(((days + 4) % 7 + 7) % 7);
    at.year_day = (int)(days - days_of(at.year, 1, 1));
    return at;
}

bool cel_timestamp_in_range(int64_t seconds)
{
    return seconds >= INT64_C(-62135596800) && seconds <= INT64_C(253402300799);
}

/* <n> digits at <*at>, their number at most <most>. */
static bool take_digits(struct str text, size_t *at, size_t n, int most, int *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++, ++*at) {
        if (*at >= text.len || text.ptr[*at] < '0' || text.ptr[*at] > '9')
            return false;
        *out = *out * 10 + (text.ptr[*at] - '0');
    }
    return *out <= most;
}

static bool take_char(struct str text, size_t *at, char wanted)
{
    if (*at >= text.len || (text.ptr[*at] != wanted && (text.ptr[*at] | 0x20) != wanted))
        return false;
    ++*at;
    return true;
}

static bool take_fraction(struct str text, size_t *at, uint32_t *nanos)
{
    size_t n = 0;
    if (*at >= text.len || text.ptr[*at] != '.')
        return true;
    for (++*at; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; ++*at, n++)
        if (n < 9)
            *nanos = *nanos * 10 + (uint32_t)(text.ptr[*at] - '0');
    for (size_t i = n; i < 9; i++)
        *nanos *= 10;
    return n > 0;
}

static bool take_offset(struct str text, size_t *at, int64_t *offset)
{
    int hours, minutes;
    if (take_char(text, at, 'z'))
        return true;
    if (*at >= text.len || (text.ptr[*at] != '+' && text.ptr[*at] != '-'))
        return false;
    int sign = text.ptr[(*at)++] == '-' ? -1 : 1;
    if (!take_digits(text, at, 2, 23, &hours) || *at >= text.len || text.ptr[*at] != ':')
        return false;
    ++*at;
    if (!take_digits(text, at, 2, 59, &minutes))
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

bool cel_parse_timestamp(struct str text, struct cel_value *out)
{
    int year, month, day, hour, minute, second;
    int64_t offset = 0;
    uint32_t nanos = 0;
    size_t at = 0;
    bool fits = take_digits(text, &at, 4, 9999, &year) && at < text.len && text.ptr[at++] == '-' &&
                take_digits(text, &at, 2, 12, &month) && at < text.len && text.ptr[at++] == '-' &&
                take_digits(text, &at, 2, 31, &day) && take_char(text, &at, 't') &&
                take_digits(text, &at, 2, 23, &hour) && at < text.len && text.ptr[at++] == ':' &&
                take_digits(text, &at, 2, 59, &minute) && at < text.len && text.ptr[at++] == ':' &&
                take_digits(text, &at, 2, 59, &second) && take_fraction(text, &at, &nanos) &&
                take_offset(text, &at, &offset) && at == text.len;
    if (!fits || month < 1 || day < 1 || day > days_in(year, month))
        return false;
    /* Go reads only capital letters */
    if (text.ptr[10] != 'T' || text.ptr[text.len - 1] == 'z')
        return false;
    int64_t seconds = days_of(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    if (!cel_timestamp_in_range(seconds))
        return false;
    *out = (struct cel_value){.kind = CEL_TIMESTAMP, .i = seconds, .nanos = nanos};
    return true;
}

void cel_add_timestamp(struct strbuf *out, struct cel_value time)
{
    struct cel_calendar at = cel_calendar_of(time.i);
    strbuf_printf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)at.year, at.month + 1,
                  at.day + 1, at.hour, at.minute, at.second);
    uint32_t nanos = time.nanos;
    int digits = 9;
    while (nanos && nanos % 10 == 0) {
        nanos /= 10;
        digits--;
    }
    if (nanos)
        strbuf_printf(out, ".%0*u", digits, nanos);
    strbuf_add_char(out, 'Z');
}

bool cel_zone_offset(struct str zone, int64_t *seconds)
{
    struct str hours, minutes;
    int64_t hour, minute;
    *seconds = 0;
    if (str_is(zone, "UTC") || zone.len == 0)
        return true;
    if (!str_cut(zone, STR(":"), &hours, &minutes) || parse_go_int(hours, &hour) != PARSE_OK ||
        parse_go_int(minutes, &minute) != PARSE_OK || hour < -23 || hour > 23 || minute < 0 ||
        minute > 59)
        return false;
    bool is_negative = hours.len > 0 && hours.ptr[0] == '-';
    *seconds = hour * 3600 + (is_negative ? -minute * 60 : minute * 60);
    return true;
}
