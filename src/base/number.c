/* The shortest text of a number: as few digits as tell it from its neighbours. */
#include "base/number.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SURE_DIGITS =
        15,          /* a number of so many comes back from a double as it was, if that is normal */
    MAX_DIGITS = 17, /* they tell any two doubles apart */
};

/* Takes the zeros at the end of "d.ddd000e±dd" away; how many digits are left behind the point. */
static int strip_zeros(char *text)
{
    char *point = strchr(text, '.'), *e = strchr(text, 'e'), *end = e;
    if (!point || !e)
        return 0;
    while (end[-1] == '0')
        end--;
    int n = (int)(end - point) - 1;
    if (n == 0)
        end = point;
    memmove(end, e, strlen(e) + 1);
    return n;
}

/* "d.ddde±dd" with as few digits as will do; how many are behind the point, and the exponent. */
static int shortest(double value, char text[40], int *exponent)
{
    bool is_normal = isnormal(value);
    int precision = is_normal ? SURE_DIGITS - 1 : 0;
    do
        snprintf(text, 40, "%.*e", precision, value);
    while (strtod(text, NULL) != value && ++precision < MAX_DIGITS);
    if (is_normal)
        precision = strip_zeros(text);
    const char *e = strchr(text, 'e');
    *exponent = e ? atoi(e + 1) : 0;
    return precision;
}

void number_add_plain(struct strbuf *out, double value)
{
    char text[40], *digit = text;
    int exponent, n = 1 + shortest(value, text, &exponent);
    if (*digit == '-') {
        strbuf_add_char(out, '-');
        digit++;
    }
    if (!isdigit((unsigned char)*digit)) {
        strbuf_puts(out, digit); /* inf, nan */
        return;
    }
    for (int place = exponent > 0 ? exponent : 0; place >= 0 || n > exponent - place; place--) {
        int at = exponent - place; /* the digit, counted from the first one */
        if (place == -1)
            strbuf_add_char(out, '.');
        strbuf_add_char(out, at < 0 || at >= n ? '0' : digit[at ? at + 1 : 0]);
    }
}

void number_add_short(struct strbuf *out, double value)
{
    char text[40];
    int exponent;
    shortest(value, text, &exponent);
    if (exponent >= -4 && exponent < 6)
        number_add_plain(out, value);
    else
        strbuf_puts(out, text);
}
