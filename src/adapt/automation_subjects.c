/* Which names can have which certificates. */
#include "adapt/automation_subjects.h"

#include "base/ip.h"
#include "base/parse.h"

struct str subject_host(struct str text)
{
    struct str host, port;
    if (split_host_port(text, &host, &port) == PARSE_OK)
        return host;
    if (text.len > 1 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        return str_slice(text, 1, text.len - 1);
    return text;
}

static size_t count(struct str text, struct str needle)
{
    size_t n = 0;
    for (ptrdiff_t at; (at = str_find(text, needle)) >= 0; n++)
        text = str_slice(text, (size_t)at + needle.len, text.len);
    return n;
}

bool subject_qualifies(struct str subject)
{
    static const char forbidden[] = "()[]{}<> \t\n\"\\!@#$%^&|;'+=";
    if (str_trim_unicode(subject).len == 0 || subject.ptr[0] == '.' ||
        subject.ptr[subject.len - 1] == '.')
        return false;
    if (str_index(subject, '*') >= 0 && !str_has_prefix(subject, STR("*.")) &&
        !str_is(subject, "*"))
        return false;
    for (size_t i = 0; i < subject.len; i++)
        if (subject.ptr[i] && strchr(forbidden, subject.ptr[i]))
            return false;
    return true;
}

bool subject_qualifies_publicly(struct str subject)
{
    if (!subject_qualifies(subject) || subject_is_internal(subject))
        return false;
    return str_index(subject, '*') < 0 ||
           (count(subject, STR("*")) == 1 && count(subject, STR(".")) > 1 && subject.len > 2 &&
            str_has_prefix(subject, STR("*.")));
}

/* As Go's net.ParseIP: no zone. IPv4 written as IPv6 is IPv4. */
static bool parse_ip(struct str text, struct ip *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (ip_parse(text, ip) != IP_OK || ip->zone.len)
        return false;
    if (ip->is_v6 && memcmp(ip->bytes, mapped, sizeof(mapped)) == 0) {
        ip->is_v6 = false;
        memmove(ip->bytes, ip->bytes + sizeof(mapped), 4);
    }
    return true;
}

bool subject_is_ip(struct str subject)
{
    struct ip ip;
    return parse_ip(subject, &ip);
}

static bool is_internal_ip(struct str host)
{
    static const char *const networks[] = {
        "127.0.0.0/8",    "0.0.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
        "169.254.0.0/16", "::/7",       "fe80::/10",  "fc00::/7",
    };
    struct ip ip;
    struct ip_prefix network;
    if (!parse_ip(subject_host(host), &ip))
        return false;
    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
        if (ip_prefix_parse(str_from(networks[i]), &network) == IP_OK &&
            ip_prefix_contains(network, ip))
            return true;
    return false;
}

static bool has_ending(struct str text, struct str ending)
{
    return text.len >= ending.len &&
           str_eq_nocase(str_slice(text, text.len - ending.len, text.len), ending);
}

bool subject_is_internal(struct str subject)
{
    static const char *const endings[] = {".localhost", ".local", ".internal", ".home.arpa"};
    struct str name = str_trim_suffix(subject_host(subject), STR("."));
    if (str_eq_nocase(name, STR("localhost")) || is_internal_ip(name))
        return true;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (has_ending(name, str_from(endings[i])))
            return true;
    return false;
}

bool subject_is_tailscale(struct str subject)
{
    return has_ending(subject, STR(".ts.net"));
}

bool subject_is_public(struct str subject, bool on_demand)
{
    return !subject_is_ip(subject) && !subject_is_internal(subject) &&
           (on_demand || count(subject, STR("*.")) < 2);
}

bool subject_matches(struct str subject, struct str wildcard)
{
    subject = subject_host(subject);
    if (str_eq_nocase(subject, wildcard))
        return true;
    if (str_index(wildcard, '*') < 0)
        return false;
    for (;;) { /* one label after the other is replaced; empty ones stay */
        struct str label, star, subject_rest = STR(""), wildcard_rest = STR("");
        bool more = str_cut(subject, STR("."), &label, &subject_rest);
        if (str_cut(wildcard, STR("."), &star, &wildcard_rest) != more ||
            !str_is(star, label.len ? "*" : ""))
            return false;
        if (!more)
            return label.len > 0;
        if (label.len && str_eq_nocase(subject_rest, wildcard_rest))
            return true;
        subject = subject_rest;
        wildcard = wildcard_rest;
    }
}
