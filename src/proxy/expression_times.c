/* Functions of points in time and of durations. */
#include "proxy/expression.h"

/* What of a time is asked for. */
enum part {
    FULL_YEAR,
    MONTH,
    DAY_OF_YEAR,
    DAY_OF_MONTH,
    DATE,
    DAY_OF_WEEK,
    HOURS,
    MINUTES,
    SECONDS,
    MILLISECONDS,
};

static struct cel_value of_timestamp(struct cel_value time, int64_t offset, enum part part)
{
    struct cel_calendar at = cel_calendar_of(time.i + offset);
    switch (part) {
    case FULL_YEAR:
        return cel_int(at.year);
    case MONTH:
        return cel_int(at.month);
    case DAY_OF_YEAR:
        return cel_int(at.year_day);
    case DAY_OF_MONTH:
        return cel_int(at.day);
    case DATE:
        return cel_int(at.day + 1);
    case DAY_OF_WEEK:
        return cel_int(at.weekday);
    case HOURS:
        return cel_int(at.hour);
    case MINUTES:
        return cel_int(at.minute);
    case SECONDS:
        return cel_int(at.second);
    case MILLISECONDS:
        return cel_int(time.nanos / 1000000);
    }
    return cel_no_overload();
}

/* All of it in hours, in minutes …; but the milliseconds are those behind the seconds. */
static struct cel_value of_duration(int64_t ns, enum part part)
{
    const int64_t second = 1000000000;
    switch (part) {
    case HOURS:
        return cel_int(ns / (3600 * second));
    case MINUTES:
        return cel_int(ns / (60 * second));
    case SECONDS:
        return cel_int(ns / second);
    case MILLISECONDS:
        return cel_int(ns / 1000000);
    case FULL_YEAR:
    case MONTH:
    case DAY_OF_YEAR:
    case DAY_OF_MONTH:
    case DATE:
    case DAY_OF_WEEK:
        break;
    }
    return cel_no_overload();
}

static struct cel_value part_of(struct expression_call *call, enum part part)
{
    int64_t offset = 0;
    if (expression_args_are(call, "D"))
        return of_duration(call->args[0].i, part);
    if (!expression_args_are(call, "t") && !expression_args_are(call, "ts"))
        return cel_no_overload();
    if (call->n > 1 && !cel_zone_offset(call->args[1].text, &offset))
        return cel_error(call->arena, "unknown time zone " STR_FMT, STR_ARG(call->args[1].text));
    return of_timestamp(call->args[0], offset, part);
}

#define PART(name, part)                                                                           \
    static struct cel_value run_##name(struct expression_call *call)                               \
    {                                                                                              \
        return part_of(call, part);                                                                \
    }
PART(full_year, FULL_YEAR)
PART(month, MONTH)
PART(day_of_year, DAY_OF_YEAR)
PART(day_of_month, DAY_OF_MONTH)
PART(date, DATE)
PART(day_of_week, DAY_OF_WEEK)
PART(hours, HOURS)
PART(minutes, MINUTES)
PART(seconds, SECONDS)
PART(milliseconds, MILLISECONDS)
#undef PART

const struct expression_function_row expression_times[] = {
    {DT_FUNCTION_FULL_YEAR, run_full_year},
    {DT_FUNCTION_MONTH, run_month},
    {DT_FUNCTION_DAY_OF_YEAR, run_day_of_year},
    {DT_FUNCTION_DAY_OF_MONTH, run_day_of_month},
    {DT_FUNCTION_DATE, run_date},
    {DT_FUNCTION_DAY_OF_WEEK, run_day_of_week},
    {DT_FUNCTION_HOURS, run_hours},
    {DT_FUNCTION_MINUTES, run_minutes},
    {DT_FUNCTION_SECONDS, run_seconds},
    {DT_FUNCTION_MILLISECONDS, run_milliseconds},
    {0},
};
