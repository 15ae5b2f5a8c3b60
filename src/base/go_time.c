/* Go's layouts of times: cut into elements by one table, which both directions walk. */

#include "base/go_time.h"

#include <time.h>

enum element {
    ELEMENT_LITERAL,
    ELEMENT_LONG_MONTH,
    ELEMENT_MONTH,
    ELEMENT_NUMBER_MONTH,
    ELEMENT_ZERO_MONTH,
    ELEMENT_LONG_WEEKDAY,
    ELEMENT_WEEKDAY,
    ELEMENT_DAY,
    ELEMENT_UNDER_DAY,
    ELEMENT_ZERO_DAY,
    ELEMENT_UNDER_YEAR_DAY,
    ELEMENT_ZERO_YEAR_DAY,
    ELEMENT_HOUR,
    ELEMENT_HOUR12,
    ELEMENT_ZERO_HOUR12,
    ELEMENT_MINUTE,
    ELEMENT_ZERO_MINUTE,
    ELEMENT_SECOND,
    ELEMENT_ZERO_SECOND,
    ELEMENT_LONG_YEAR,
    ELEMENT_YEAR,
    ELEMENT_UPPER_PM,
    ELEMENT_LOWER_PM,
    ELEMENT_ZONE,
    ELEMENT_OFFSET,   /* -0700 and its like: <text> tells which */
    ELEMENT_FRACTION, /* .000 or ,000 */
    ELEMENT_TRIMMED_FRACTION,
};

struct piece {
    enum element element;
    struct str text; /* of the layout */
};

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
static const int64_t MAX_SECONDS = INT64_MAX / 1000000000 - 1;
enum { SHORT_NAME = 3, YEAR_DIGITS = 4, NANOSECOND_DIGITS = 9, TM_YEAR_BASE = 1900 };

/* The longer ones of a begin come first. */
static const struct {
    const char *text;
    enum element element;
    bool ends_word; /* no lower-case letter may follow */
} elements[] = {
    {"January", ELEMENT_LONG_MONTH, false},
    {"Jan", ELEMENT_MONTH, true},
    {"Monday", ELEMENT_LONG_WEEKDAY, false},
    {"Mon", ELEMENT_WEEKDAY, true},
    {"MST", ELEMENT_ZONE, false},
    {"002", ELEMENT_ZERO_YEAR_DAY, false},
    {"01", ELEMENT_ZERO_MONTH, false},
    {"02", ELEMENT_ZERO_DAY, false},
    {"03", ELEMENT_ZERO_HOUR12, false},
    {"04", ELEMENT_ZERO_MINUTE, false},
    {"05", ELEMENT_ZERO_SECOND, false},
    {"06", ELEMENT_YEAR, false},
    {"15", ELEMENT_HOUR, false},
    {"1", ELEMENT_NUMBER_MONTH, false},
    {"2006", ELEMENT_LONG_YEAR, false},
    {"2", ELEMENT_DAY, false},
    {"_2006", ELEMENT_LITERAL, false}, /* an underscore before a year */
    {"__2", ELEMENT_UNDER_YEAR_DAY, false},
    {"_2", ELEMENT_UNDER_DAY, false},
    {"3", ELEMENT_HOUR12, false},
    {"4", ELEMENT_MINUTE, false},
    {"5", ELEMENT_SECOND, false},
    {"PM", ELEMENT_UPPER_PM, false},
    {"pm", ELEMENT_LOWER_PM, false},
    {"-07:00:00", ELEMENT_OFFSET, false},
    {"-070000", ELEMENT_OFFSET, false},
    {"-07:00", ELEMENT_OFFSET, false},
    {"-0700", ELEMENT_OFFSET, false},
    {"-07", ELEMENT_OFFSET, false},
    {"Z07:00:00", ELEMENT_OFFSET, false},
    {"Z070000", ELEMENT_OFFSET, false},
    {"Z07:00", ELEMENT_OFFSET, false},
    {"Z0700", ELEMENT_OFFSET, false},
    {"Z07", ELEMENT_OFFSET, false},
};

static bool is_digit(struct str text, size_t at)
{
    return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

/* ".000" and ",999" with no other digit behind them; 0 where none begins here. */
static size_t fraction_len(struct str layout)
{
    size_t end = 1;
    if (layout.len < 2 || (layout.ptr[0] != '.' && layout.ptr[0] != ',') ||
        (layout.ptr[1] != '0' && layout.ptr[1] != '9'))
        return 0;
    while (end < layout.len && layout.ptr[end] == layout.ptr[1])
        end++;
    return is_digit(layout, end) ? 0 : end;
}

/* The element that begins here; one byte of text where none does. */
static struct piece element_at(struct str layout)
{
    size_t fraction = fraction_len(layout);
    if (fraction > 0)
        return (struct piece){layout.ptr[1] == '0' ? ELEMENT_FRACTION : ELEMENT_TRIMMED_FRACTION,
                              str_slice(layout, 0, fraction)};
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (layout.len == 0 || elements[i].text[0] != layout.ptr[0])
            continue;
        struct str text = str_from(elements[i].text);
        char next = layout.len > text.len ? layout.ptr[text.len] : '\0';
        if (!str_has_prefix(layout, text) || (elements[i].ends_word && next >= 'a' && next <= 'z'))
            continue;
        if (elements[i].element == ELEMENT_LITERAL)
            break;
        return (struct piece){elements[i].element, text};
    }
    return (struct piece){ELEMENT_LITERAL, str_slice(layout, 0, 1)};
}

/* Takes the next element off the layout, or all the text before it; false at the end. */
static bool next_piece(struct str *layout, struct piece *piece)
{
    size_t literal = 0;
    if (layout->len == 0)
        return false;
    while (literal < layout->len) {
        *piece = element_at(str_slice(*layout, literal, layout->len));
        if (piece->element != ELEMENT_LITERAL)
            break;
        literal++;
    }
    if (literal > 0)
        *piece = (struct piece){ELEMENT_LITERAL, str_slice(*layout, 0, literal)};
    *layout = str_slice(*layout, piece->text.len, layout->len);
    return true;
}

/* ---- writing ---- */

/* <width>: at least; with <filler> in front. */
static void add_number(struct strbuf *out, int value, int width, char filler)
{
    char text[12];
    int at = sizeof(text);
    if (value < 0) { /* a year before our era: its sign counts */
        strbuf_printf(out, filler == '0' ? "%0*d" : "%*d", width, value);
        return;
    }
    do
        text[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    while ((int)sizeof(text) - at < width)
        text[--at] = filler;
    strbuf_add(out, str_make(text + at, sizeof(text) - (size_t)at));
}

static void add_offset(struct strbuf *out, struct str layout, long offset)
{
    if (layout.ptr[0] == 'Z' && offset == 0) {
        strbuf_add_char(out, 'Z');
        return;
    }
    long rest = offset < 0 ? -offset : offset;
    const char *colon = str_index(layout, ':') >= 0 ? ":" : "";
    strbuf_printf(out, "%c%02ld", offset < 0 ? '-' : '+', rest / 3600);
    if (layout.len > 3)
        strbuf_printf(out, "%s%02ld", colon, rest / 60 % 60);
    if (layout.len > 6)
        strbuf_printf(out, "%s%02ld", colon, rest % 60);
}

static void add_fraction(struct strbuf *out, struct piece piece, int nanoseconds)
{
    char digits[NANOSECOND_DIGITS + 1];
    size_t n = piece.text.len - 1;
    for (int i = NANOSECOND_DIGITS - 1; i >= 0; i--, nanoseconds /= 10)
        digits[i] = (char)('0' + nanoseconds % 10);
    while (piece.element == ELEMENT_TRIMMED_FRACTION && n > 0 &&
           (n > NANOSECOND_DIGITS || digits[n - 1] == '0'))
        n--;
    if (n == 0)
        return;
    strbuf_add_char(out, piece.text.ptr[0]);
    for (size_t i = 0; i < n; i++)
        strbuf_add_char(out, i < NANOSECOND_DIGITS ? digits[i] : '0');
}

static void add_piece(struct strbuf *out, struct piece piece, const struct tm *tm, int nanoseconds)
{
    int hour12 = tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;
    switch (piece.element) {
    case ELEMENT_LITERAL:
        strbuf_add(out, piece.text);
        break;
    case ELEMENT_LONG_MONTH:
        strbuf_puts(out, months[tm->tm_mon]);
        break;
    case ELEMENT_MONTH:
        strbuf_add(out, str_make(months[tm->tm_mon], SHORT_NAME));
        break;
    case ELEMENT_NUMBER_MONTH:
        add_number(out, tm->tm_mon + 1, 1, '0');
        break;
    case ELEMENT_ZERO_MONTH:
        add_number(out, tm->tm_mon + 1, 2, '0');
        break;
    case ELEMENT_LONG_WEEKDAY:
        strbuf_puts(out, weekdays[tm->tm_wday]);
        break;
    case ELEMENT_WEEKDAY:
        strbuf_add(out, str_make(weekdays[tm->tm_wday], SHORT_NAME));
        break;
    case ELEMENT_DAY:
        add_number(out, tm->tm_mday, 1, '0');
        break;
    case ELEMENT_UNDER_DAY:
        add_number(out, tm->tm_mday, 2, ' ');
        break;
    case ELEMENT_ZERO_DAY:
        add_number(out, tm->tm_mday, 2, '0');
        break;
    case ELEMENT_UNDER_YEAR_DAY:
        add_number(out, tm->tm_yday + 1, 3, ' ');
        break;
    case ELEMENT_ZERO_YEAR_DAY:
        add_number(out, tm->tm_yday + 1, 3, '0');
        break;
    case ELEMENT_HOUR:
        add_number(out, tm->tm_hour, 2, '0');
        break;
    case ELEMENT_HOUR12:
        add_number(out, hour12, 1, '0');
        break;
    case ELEMENT_ZERO_HOUR12:
        add_number(out, hour12, 2, '0');
        break;
    case ELEMENT_MINUTE:
        add_number(out, tm->tm_min, 1, '0');
        break;
    case ELEMENT_ZERO_MINUTE:
        add_number(out, tm->tm_min, 2, '0');
        break;
    case ELEMENT_SECOND:
        add_number(out, tm->tm_sec, 1, '0');
        break;
    case ELEMENT_ZERO_SECOND:
        add_number(out, tm->tm_sec, 2, '0');
        break;
    case ELEMENT_LONG_YEAR:
        add_number(out, tm->tm_year + TM_YEAR_BASE, YEAR_DIGITS, '0');
        break;
    case ELEMENT_YEAR:
        add_number(out, (tm->tm_year + TM_YEAR_BASE) % 100, 2, '0');
        break;
    case ELEMENT_UPPER_PM:
        strbuf_puts(out, tm->tm_hour >= 12 ? "PM" : "AM");
        break;
    case ELEMENT_LOWER_PM:
        strbuf_puts(out, tm->tm_hour >= 12 ? "pm" : "am");
        break;
    case ELEMENT_ZONE:
        strbuf_puts(out, tm->tm_zone);
        break;
    case ELEMENT_OFFSET:
        add_offset(out, piece.text, tm->tm_gmtoff);
        break;
    case ELEMENT_FRACTION:
    case ELEMENT_TRIMMED_FRACTION:
        add_fraction(out, piece, nanoseconds);
        break;
    }
}

void go_time_format(struct strbuf *out, struct str layout, int64_t ns, bool is_local)
{
    time_t seconds = (time_t)(ns / 1000000000);
    int nanoseconds = (int)(ns % 1000000000);
    struct tm tm;
    struct piece piece;
    if (nanoseconds < 0) {
        nanoseconds += 1000000000;
        seconds--;
    }
    if (is_local) {
        localtime_r(&seconds, &tm);
    } else {
        gmtime_r(&seconds, &tm);
        tm.tm_zone = "UTC";
    }
    while (next_piece(&layout, &piece))
        add_piece(out, piece, &tm, nanoseconds);
}

/* ---- reading ---- */

struct reading {
    struct str rest;
    struct tm tm;
    int nanoseconds, year_day; /* <year_day> 0: not told */
    bool is_pm, has_pm, has_offset, is_utc;
    long offset;
};

/* <minimum> to <maximum> digits. */
static bool take_number(struct reading *in, size_t minimum, size_t maximum, int *value)
{
    size_t n = 0;
    *value = 0;
    while (n < maximum && is_digit(in->rest, n))
        *value = *value * 10 + (in->rest.ptr[n++] - '0');
    in->rest = str_slice(in->rest, n, in->rest.len);
    return n >= minimum;
}

static bool take_blank_number(struct reading *in, size_t width, int *value)
{
    size_t blanks = 0;
    while (blanks + 1 < width && blanks < in->rest.len && in->rest.ptr[blanks] == ' ')
        blanks++;
    in->rest = str_slice(in->rest, blanks, in->rest.len);
    return take_number(in, 1, width - blanks, value);
}

static bool take_name(struct reading *in, const char *const *names, int n, size_t len, int *value)
{
    for (int i = 0; i < n; i++) {
        struct str name = len ? str_make(names[i], len) : str_from(names[i]);
        if (!str_eq_nocase(str_slice(in->rest, 0, name.len), name))
            continue;
        *value = i;
        in->rest = str_slice(in->rest, name.len, in->rest.len);
        return true;
    }
    return false;
}

static bool take_offset(struct reading *in, struct str layout)
{
    int hours, minutes = 0, seconds = 0;
    bool has_colon = str_index(layout, ':') >= 0;
    in->has_offset = true;
    if (layout.ptr[0] == 'Z' && str_has_prefix(in->rest, STR("Z"))) {
        in->rest = str_slice(in->rest, 1, in->rest.len);
        return true;
    }
    char sign = in->rest.len > 0 ? in->rest.ptr[0] : '\0';
    in->rest = str_slice(in->rest, 1, in->rest.len);
    if ((sign != '+' && sign != '-') || !take_number(in, 2, 2, &hours))
        return false;
    if (layout.len > 3) {
        in->rest = str_trim_prefix(in->rest, has_colon ? STR(":") : STR(""));
        if (!take_number(in, 2, 2, &minutes))
            return false;
    }
    if (layout.len > 6) {
        in->rest = str_trim_prefix(in->rest, has_colon ? STR(":") : STR(""));
        if (!take_number(in, 2, 2, &seconds))
            return false;
    }
    in->offset = (hours * 3600L + minutes * 60 + seconds) * (sign == '-' ? -1 : 1);
    return true;
}

static bool take_fraction(struct reading *in, struct piece piece)
{
    size_t n = 1, wanted = piece.text.len;
    if (piece.element == ELEMENT_TRIMMED_FRACTION) {
        if (in->rest.len < 2 || (in->rest.ptr[0] != '.' && in->rest.ptr[0] != ',') ||
            !is_digit(in->rest, 1))
            return true;
        wanted = 2;
        while (wanted <= NANOSECOND_DIGITS && is_digit(in->rest, wanted))
            wanted++;
    }
    if (in->rest.len < wanted || (in->rest.ptr[0] != '.' && in->rest.ptr[0] != ','))
        return false;
    in->nanoseconds = 0;
    for (int i = 0; i < NANOSECOND_DIGITS; i++, n++)
        in->nanoseconds = in->nanoseconds * 10 +
                          (n < wanted && is_digit(in->rest, n) ? in->rest.ptr[n] - '0' : 0);
    for (n = 1; n < wanted; n++)
        if (!is_digit(in->rest, n))
            return false;
    in->rest = str_slice(in->rest, wanted, in->rest.len);
    return true;
}

static bool take_half(struct reading *in, const char *const *names)
{
    int half;
    in->has_pm = true;
    if (!take_name(in, names, 2, 0, &half))
        return false;
    in->is_pm = half == 1;
    return true;
}

/* An abbreviation: letters in upper case. */
static bool take_zone(struct reading *in)
{
    size_t n = 0;
    while (n < in->rest.len && n < 5 && in->rest.ptr[n] >= 'A' && in->rest.ptr[n] <= 'Z')
        n++;
    in->is_utc = str_is(str_slice(in->rest, 0, n), "UTC");
    in->rest = str_slice(in->rest, n, in->rest.len);
    return n >= 3;
}

static bool take_month_number(struct reading *in, size_t minimum)
{
    if (!take_number(in, minimum, 2, &in->tm.tm_mon))
        return false;
    in->tm.tm_mon--;
    return in->tm.tm_mon >= 0 && in->tm.tm_mon < 12;
}

static bool take_year(struct reading *in, bool is_long)
{
    int year;
    if (!take_number(in, is_long ? YEAR_DIGITS : 2, is_long ? YEAR_DIGITS : 2, &year))
        return false;
    if (!is_long)
        year += year >= 69 ? 1900 : 2000;
    in->tm.tm_year = year - TM_YEAR_BASE;
    return true;
}

static bool take_piece(struct reading *in, struct piece piece)
{
    static const char *const upper[] = {"AM", "PM"}, *const lower[] = {"am", "pm"};
    struct tm *tm = &in->tm;
    switch (piece.element) {
    case ELEMENT_LITERAL:
        if (!str_has_prefix(in->rest, piece.text))
            return false;
        in->rest = str_slice(in->rest, piece.text.len, in->rest.len);
        return true;
    case ELEMENT_LONG_MONTH:
        return take_name(in, months, 12, 0, &tm->tm_mon);
    case ELEMENT_MONTH:
        return take_name(in, months, 12, SHORT_NAME, &tm->tm_mon);
    case ELEMENT_NUMBER_MONTH:
        return take_month_number(in, 1);
    case ELEMENT_ZERO_MONTH:
        return take_month_number(in, 2);
    case ELEMENT_LONG_WEEKDAY:
        return take_name(in, weekdays, 7, 0, &tm->tm_wday);
    case ELEMENT_WEEKDAY:
        return take_name(in, weekdays, 7, SHORT_NAME, &tm->tm_wday);
    case ELEMENT_DAY:
        return take_number(in, 1, 2, &tm->tm_mday);
    case ELEMENT_UNDER_DAY:
        return take_blank_number(in, 2, &tm->tm_mday);
    case ELEMENT_ZERO_DAY:
        return take_number(in, 2, 2, &tm->tm_mday);
    case ELEMENT_UNDER_YEAR_DAY:
        return take_blank_number(in, 3, &in->year_day);
    case ELEMENT_ZERO_YEAR_DAY:
        return take_number(in, 3, 3, &in->year_day);
    case ELEMENT_HOUR:
        return take_number(in, 2, 2, &tm->tm_hour);
    case ELEMENT_HOUR12:
        return take_number(in, 1, 2, &tm->tm_hour);
    case ELEMENT_ZERO_HOUR12:
        return take_number(in, 2, 2, &tm->tm_hour);
    case ELEMENT_MINUTE:
        return take_number(in, 1, 2, &tm->tm_min);
    case ELEMENT_ZERO_MINUTE:
        return take_number(in, 2, 2, &tm->tm_min);
    case ELEMENT_SECOND:
        return take_number(in, 1, 2, &tm->tm_sec);
    case ELEMENT_ZERO_SECOND:
        return take_number(in, 2, 2, &tm->tm_sec);
    case ELEMENT_LONG_YEAR:
        return take_year(in, true);
    case ELEMENT_YEAR:
        return take_year(in, false);
    case ELEMENT_UPPER_PM:
        return take_half(in, upper);
    case ELEMENT_LOWER_PM:
        return take_half(in, lower);
    case ELEMENT_ZONE:
        return take_zone(in);
    case ELEMENT_OFFSET:
        return take_offset(in, piece.text);
    case ELEMENT_FRACTION:
    case ELEMENT_TRIMMED_FRACTION:
        return take_fraction(in, piece);
    }
    return false;
}

bool go_time_parse(struct str layout, struct str text, bool is_local, int64_t *ns)
{
    struct reading in = {
        .rest = text,
        .tm = {.tm_mday = 1, .tm_year = -TM_YEAR_BASE, .tm_isdst = -1},
    };
    struct piece piece;
    while (next_piece(&layout, &piece))
        if (!take_piece(&in, piece))
            return false;
    if (in.rest.len > 0 || in.tm.tm_mday < 1 || in.tm.tm_mday > 31 || in.tm.tm_hour > 23 ||
        in.tm.tm_min > 59 || in.tm.tm_sec > 59 || in.year_day > 366)
        return false;
    if (in.has_pm)
        in.tm.tm_hour = in.tm.tm_hour % 12 + (in.is_pm ? 12 : 0);
    if (in.year_day > 0) {
        in.tm.tm_mon = 0;
        in.tm.tm_mday = in.year_day;
    }
    bool is_fixed = in.has_offset || in.is_utc || !is_local;
    time_t seconds = is_fixed ? timegm(&in.tm) - in.offset : mktime(&in.tm);
    if (seconds > MAX_SECONDS || seconds < -MAX_SECONDS)
        return false;
    *ns = (int64_t)seconds * 1000000000 + in.nanoseconds;
    return true;
}

/* How many digits behind the point of a second the layout shows. */
static size_t fraction_digits(struct str layout)
{
    struct piece piece;
    while (next_piece(&layout, &piece))
        if (piece.element == ELEMENT_FRACTION || piece.element == ELEMENT_TRIMMED_FRACTION)
            return piece.text.len - 1;
    return 0;
}

bool go_time_is_reversible(struct arena *arena, struct str layout)
{
    /* 2025-05-22 23:41:59.987654321 */
    int64_t moment = 1747957319987654321, read, unit = 1;
    struct strbuf out = strbuf_in(arena);
    for (size_t n = fraction_digits(layout); n < NANOSECOND_DIGITS; n++)
        unit *= 10;
    moment -= moment % unit;
    go_time_format(&out, layout, moment, false);
    return go_time_parse(layout, strbuf_str(&out), false, &read) && read == moment;
}
