/* Dates of HTTP: one form to write, three to read. */
#include "http/date.h"

#include <string.h>
#include <time.h>

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const long_days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};

static void put_two(char *out, int number)
{
    out[0] = (char)('0' + number / 10 % 10);
    out[1] = (char)('0' + number % 10);
}

void http_date_format(int64_t seconds, char out[HTTP_DATE_BYTES])
{
    static const int64_t year_0 = INT64_C(-62167219200), year_10000 = INT64_C(253402300800);
    time_t time = (time_t)(seconds < year_0 ? year_0 : seconds);
    struct tm utc = {.tm_year = 9999 - 1900, .tm_mon = 11, .tm_mday = 31, .tm_wday = 5};
    if (seconds < year_10000)
        gmtime_r(&time, &utc);
    memcpy(out, "Day, 00 Mon 0000 00:00:00 GMT", HTTP_DATE_BYTES);
    memcpy(out, days[utc.tm_wday % 7], 3);
    memcpy(out + 8, months[utc.tm_mon % 12], 3);
    put_two(out + 5, utc.tm_mday);
    put_two(out + 12, (utc.tm_year + 1900) / 100);
    put_two(out + 14, (utc.tm_year + 1900) % 100);
    put_two(out + 17, utc.tm_hour);
    put_two(out + 20, utc.tm_min);
    put_two(out + 23, utc.tm_sec);
}

/* What is left of a date while it is read; <failed> once something did not fit. */
struct date_scan {
    struct str rest;
    bool failed;
};

static void expect(struct date_scan *scan, struct str text)
{
    if (str_has_prefix(scan->rest, text))
        scan->rest = str_slice(scan->rest, text.len, scan->rest.len);
    else
        scan->failed = true;
}

static int number(struct date_scan *scan, size_t digits)
{
    int value = 0;
    if (scan->rest.len < digits) {
        scan->failed = true;
        return 0;
    }
    for (size_t i = 0; i < digits; i++) {
        char c = scan->rest.ptr[i];
        scan->failed |= c < '0' || c > '9';
        value = value * 10 + (c - '0');
    }
    scan->rest = str_slice(scan->rest, digits, scan->rest.len);
    return value;
}

static int name(struct date_scan *scan, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        struct str one = str_from(names[i]);
        if (!str_eq_nocase(str_slice(scan->rest, 0, one.len), one))
            continue;
        scan->rest = str_slice(scan->rest, one.len, scan->rest.len);
        return i;
    }
    scan->failed = true;
    return 0;
}

static void clock_time(struct date_scan *scan, struct tm *out)
{
    out->tm_hour = number(scan, 2);
    expect(scan, STR(":"));
    out->tm_min = number(scan, 2);
    expect(scan, STR(":"));
    out->tm_sec = number(scan, 2);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static void fixed_form(struct date_scan *scan, struct tm *out)
{
    name(scan, days, 7);
    expect(scan, STR(", "));
    out->tm_mday = number(scan, 2);
    expect(scan, STR(" "));
    out->tm_mon = name(scan, months, 12);
    expect(scan, STR(" "));
    out->tm_year = number(scan, 4) - 1900;
    expect(scan, STR(" "));
    clock_time(scan, out);
    expect(scan, STR(" GMT"));
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; as in Go, 69 and more belong to the last century. */
static void rfc850_form(struct date_scan *scan, struct tm *out)
{
    name(scan, long_days, 7);
    expect(scan, STR(", "));
    out->tm_mday = number(scan, 2);
    expect(scan, STR("-"));
    out->tm_mon = name(scan, months, 12);
    expect(scan, STR("-"));
    out->tm_year = number(scan, 2);
    out->tm_year += out->tm_year < 69 ? 100 : 0;
    expect(scan, STR(" "));
    clock_time(scan, out);
    expect(scan, STR(" GMT"));
}

/* "Sun Nov  6 08:49:37 1994" */
static void asctime_form(struct date_scan *scan, struct tm *out)
{
    name(scan, days, 7);
    expect(scan, STR(" "));
    out->tm_mon = name(scan, months, 12);
    expect(scan, STR(" "));
    bool is_short = str_has_prefix(scan->rest, STR(" "));
    if (is_short)
        expect(scan, STR(" "));
    out->tm_mday = number(scan, is_short ? 1 : 2);
    expect(scan, STR(" "));
    clock_time(scan, out);
    expect(scan, STR(" "));
    out->tm_year = number(scan, 4) - 1900;
}

static bool is_possible(const struct tm *date)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = date->tm_year + 1900;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int length = lengths[date->tm_mon] + (date->tm_mon == 1 && is_leap);
    return date->tm_mday >= 1 && date->tm_mday <= length && date->tm_hour < 24 &&
           date->tm_min < 60 && date->tm_sec < 60;
}

bool http_date_parse(struct str text, int64_t *seconds)
{
    static void (*const forms[])(struct date_scan *scan, struct tm *out) = {fixed_form, rfc850_form,
                                                                            asctime_form};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct date_scan scan = {.rest = text};
        struct tm date = {0};
        forms[i](&scan, &date);
        if (scan.failed || scan.rest.len > 0 || !is_possible(&date))
            continue;
        *seconds = (int64_t)timegm(&date);
        return true;
    }
    return false;
}
