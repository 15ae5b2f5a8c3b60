/* Rules about other matchers, errors and redirections (DT516, DT517, DT519 to DT521, DT523). */
#include "adapt/directive.h"
#include "base/arena.h"
#include "base/ip.h"
#include "base/map.h"
#include "base/parse.h"
#include "lint/hosts.h"
#include "lint/lint_private.h"
#include "lint/routes.h"

/* --- DT516: fields that hold lists --- */

static void check_field(struct lint *lint, const json_t *set)
{
    static const struct {
        const char *field, *value;
    } lists[] = {
        {"Connection", "upgrade"},   {"Accept-Encoding", "gzip"}, {"Accept-Encoding", "br"},
        {"Accept-Encoding", "zstd"}, {"Accept", "text/html"},
    };
    const json_t *fields = json_object_get(set, "header");
    for (size_t i = 0; i < json_object_size(fields); i++) {
        const json_t *values = fields->as.members[i].value;
        struct str field = str_from(fields->as.members[i].key);
        for (size_t k = 0; k < json_array_size(values); k++)
            for (size_t n = 0; n < sizeof(lists) / sizeof(lists[0]); n++) {
                const json_t *value = json_array_get(values, k);
                if (!str_eq_nocase(field, str_from(lists[n].field)) ||
                    !str_eq_nocase(json_str(value), str_from(lists[n].value)))
                    continue;
                struct diag *diag = lint_report_json(
                    lint, value, NULL, STR_FMT " holds a list, of which this is one entry",
                    STR_ARG(field));
                diag_note(lint_diags(lint), diag,
                          "browsers send more than that, so the values are not equal");
                const struct token *token =
                    document_origin(&lint->pipeline->document, NULL, NULL, value);
                if (token && str_eq(lint_text(lint, token->span), json_str(value)))
                    diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span,
                             str_printf(lint->arena, "*" STR_FMT "*", STR_ARG(json_str(value))),
                             "look for it anywhere in the value");
            }
    }
}

void check_header_token(struct lint *lint)
{
    const struct json_finds *finds = lint_json_finds(lint);
    for (size_t i = 0; finds && i < finds->field_sets.n; i++)
        check_field(lint, finds->field_sets.at[i].set);
}

/* --- DT517: the address of the proxy in front --- */

static bool is_in_ranges(const json_t *ranges, struct str text)
{
    struct ip_prefix wanted, range;
    bool is_prefix = ip_prefix_parse(text, &wanted) == IP_OK;
    if (!is_prefix && ip_parse(text, &wanted.ip) != IP_OK)
        return false;
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        struct str other = json_str(json_array_get(ranges, i));
        if (str_eq(other, text) ||
            (ip_prefix_parse(other, &range) == IP_OK && ip_prefix_contains(range, wanted.ip) &&
             (!is_prefix || range.bits <= wanted.bits)))
            return true;
    }
    return false;
}

/* Networks that are not of the internet: clients in them need no proxy to get here. */
static bool is_near(struct str text)
{
    struct ip_prefix range;
    if (ip_prefix_parse(text, &range) != IP_OK && ip_parse(text, &range.ip) != IP_OK)
        return false;
    return ip_is_private(range.ip) || ip_is_shared(range.ip) || ip_is_loopback(range.ip) ||
           ip_is_link_local(range.ip);
}

/* Asking whether a request came through the proxy is what remote_ip is for; as is letting in who
 * is in a network of one's own, past which no header lies. */
static bool asks_for_proxy(const json_t *ranges, const json_t *server)
{
    const json_t *trusted = json_object_get(json_object_get(server, "trusted_proxies"), "ranges");
    for (size_t i = 0; i < json_array_size(ranges); i++) {
        struct str text = json_str(json_array_get(ranges, i));
        if (!is_near(text) && !is_in_ranges(trusted, text))
            return false;
    }
    return true;
}

static void check_remote(struct lint *lint, const json_t *set, const json_t *server)
{
    const json_t *remote = json_object_get(set, "remote_ip");
    if (!json_object_get(server, "trusted_proxies") ||
        asks_for_proxy(json_object_get(remote, "ranges"), server))
        return;
    const struct token *token =
        document_origin(&lint->pipeline->document, set, "remote_ip", remote);
    struct diag *diag = lint_report_json(
        lint, set, "remote_ip",
        "behind trusted proxies this is the address of the proxy, not of the client");
    diag_note(lint_diags(lint), diag,
              "trusted_proxies is set: client_ip is the address that the proxy reports");
    if (token && str_eq(lint_text(lint, token->span), STR("remote_ip")))
        diag_fix(lint_diags(lint), diag, FIX_UNSAFE, token->span, STR("client_ip"),
                 "compare the client's address");
}

void check_remote_ip(struct lint *lint)
{
    const struct json_finds *finds = lint_json_finds(lint);
    for (size_t i = 0; finds && i < finds->remote_sets.n; i++)
        check_remote(lint, finds->remote_sets.at[i].set, finds->remote_sets.at[i].server);
}

/* --- DT523: inputs of a map that stand twice --- */

static const json_t *input_of(const json_t *mapping)
{
    const json_t *pattern = json_object_get(mapping, "input_regexp");
    return json_string_length(pattern) > 0 ? pattern : json_object_get(mapping, "input");
}

static struct span span_of(const struct lint *lint, const json_t *mapping)
{
    const struct token *token =
        document_origin(&lint->pipeline->document, NULL, NULL, input_of(mapping));
    if (!token)
        token = document_origin(&lint->pipeline->document, NULL, NULL, mapping);
    return token ? token->span : (struct span){0};
}

void check_mappings(struct lint *lint)
{
    const struct json_finds *finds = lint_json_finds(lint);
    for (size_t i = 0; finds && i < finds->maps.n; i++) {
        const json_t *mappings = json_object_get(finds->maps.at[i], "mappings");
        struct map seen = map_in(lint->arena);
        for (size_t k = 0; k < json_array_size(mappings); k++) {
            const json_t *mapping = json_array_get(mappings, k), *before;
            struct str input = json_str(input_of(mapping));
            if (!(before = map_get(&seen, input))) {
                map_put(&seen, input, (void *)mapping);
                continue;
            }
            struct diag *diag = lint_report_json(
                lint, mapping, NULL, "the input '" STR_FMT "' stands here twice", STR_ARG(input));
            diag_label(lint_diags(lint), diag, span_of(lint, before), "here first");
            bool are_alike = !json_object_get(mapping, "input_regexp") ==
                             !json_object_get(before, "input_regexp");
            diag_note(lint_diags(lint), diag, "Caddy adapts the file and does not start with it%s",
                      are_alike ? "" : "; a text and an expression of the same letters are equal");
        }
    }
}

/* --- DT519: errors that no block is for --- */

void check_partial_errors(struct lint *lint)
{
    const struct analysis *analysis = lint_analysis(lint);
    for (size_t i = 0; analysis && i < analysis->error_routes.n; i++) {
        const struct error_route *row = &analysis->error_routes.at[i];
        struct place place = lint_place(lint, row->route, NULL);
        if (!row->leaves_some || !row->answers_some || !place.line ||
            !str_is(place.name, "handle_errors") || line_word(place.line, 0))
            continue;
        struct diag *diag =
            lint_report(lint, line_name_token(place.line),
                        "errors that none of its blocks is for get an empty answer");
        diag_note(lint_diags(lint), diag,
                  "add a block for the others: `respond \"{err.status_code} {err.status_text}\"`");
    }
}

/* --- DT520: answers that are no errors --- */

/* Statuses that a directive may fail with. */
static const struct raiser {
    const char *directive;
    unsigned from, to;
} raisers[] = {
    {"file_server", 400, 599}, {"reverse_proxy", 500, 599}, {"reverse_proxy", 413, 413},
    {"php_fastcgi", 500, 599}, {"forward_auth", 500, 599},  {"basic_auth", 401, 401},
    {"basicauth", 401, 401},   {"templates", 400, 599},     {"request_body", 413, 413},
    {"invoke", 400, 599},      {"acme_server", 400, 599},   {"metrics", 500, 599},
    {"php_fastcgi", 413, 413},
};

/* What the lines of a site, but for its handle_errors, may end in. */
struct statuses {
    const struct lint *lint;
    uint64_t raised[(1000 + 63) / 64]; /* a bit for each status */
    bool some_is_raised, has_answer;
};

static bool range_of(struct str word, unsigned *from, unsigned *to)
{
    uint64_t number;
    if (word.len != 3 || word.ptr[0] < '1' || word.ptr[0] > '9')
        return false;
    *from = (unsigned)(word.ptr[0] - '0') * 100;
    *to = *from + 99;
    if (str_has_suffix(word, STR("xx")))
        return true;
    if (parse_go_uint(word, 16, &number) != PARSE_OK)
        return false;
    *from = *to = (unsigned)number;
    return true;
}

static void raise_statuses(struct statuses *statuses, unsigned from, unsigned to)
{
    statuses->some_is_raised = true;
    for (unsigned status = from; status <= to; status++)
        statuses->raised[status / 64] |= UINT64_C(1) << status % 64;
}

/* `error [<message>] [<status>]`: a number among its words, else 500. */
static void raise_error(struct statuses *statuses, const struct node *line)
{
    const struct token *word;
    unsigned from = 500, to = 500;
    for (uint32_t i = 0; (word = line_argument(statuses->lint, line, i)); i++) {
        if (str_contains(word->text, STR("{")))
            raise_statuses(statuses, 400, 599);
        range_of(word->text, &from, &to);
    }
    raise_statuses(statuses, from, to);
}

static bool look_for_raisers(const struct node *node, void *user)
{
    struct statuses *statuses = user;
    const struct directive *row;
    if (str_is(line_name(node), "error"))
        raise_error(statuses, node);
    if (str_is(line_name(node), "try_files"))
        for (uint32_t i = 0; i < node->n_words; i++)
            if (str_has_prefix(node->words[i]->text, STR("=")))
                raise_statuses(statuses, 400, 599);
    row = line_directive(statuses->lint, node);
    if (!row && node->role == ROLE_LINE && node_holds_directives(statuses->lint, node->parent))
        raise_statuses(statuses, 400, 599); /* nobody knows what it does */
    if (!row)
        return true;
    if (row->plugin)
        raise_statuses(statuses, 400, 599);
    for (size_t i = 0; i < sizeof(raisers) / sizeof(raisers[0]); i++)
        if (str_is(line_name(node), raisers[i].directive))
            raise_statuses(statuses, raisers[i].from, raisers[i].to);
    return true;
}

static bool look_for_answer(const struct node *node, void *user)
{
    static const char *const answers[] = {"reverse_proxy", "php_fastcgi", "respond"};
    bool *found = user;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        *found |= str_is(line_name(node), answers[i]);
    return !*found;
}

static const struct statuses *statuses_of(const struct lint *lint, const struct node *site)
{
    static const char question;
    struct statuses *statuses = lint_answered(lint, &question, site);
    if (statuses)
        return statuses;
    statuses = arena_new(lint->arena, struct statuses);
    statuses->lint = lint;
    for (const struct node *line = site->body; line; line = line->next) {
        if (str_is(line_name(line), "handle_errors"))
            continue;
        node_walk(line, look_for_raisers, statuses);
        node_walk(line, look_for_answer, &statuses->has_answer);
    }
    lint_answer(lint, &question, site, statuses);
    return statuses;
}

/* Whether the site raises what the words of handle_errors (404, 4xx) ask for. */
static bool raises_one(const struct statuses *statuses, const struct node *line)
{
    for (uint32_t i = 1; i < line->n_words; i++) {
        unsigned low, high;
        if (!range_of(line->words[i]->text, &low, &high)) {
            if (statuses->some_is_raised)
                return true;
            continue;
        }
        for (unsigned status = low; status <= high; status++)
            if (statuses->raised[status / 64] >> status % 64 & 1)
                return true;
    }
    return false;
}

void check_upstream_status(struct lint *lint, const struct node *line)
{
    const struct node *site = line_block(line);
    if (!site || site->role != ROLE_SITE || line->n_words < 2)
        return;
    const struct statuses *statuses = statuses_of(lint, site);
    if (raises_one(statuses, line) || !statuses->has_answer)
        return;
    struct diag *diag = lint_report_at(
        lint, line_span(line), line_name_token(line)->via,
        "nothing in this site fails with " STR_FMT ", so this never runs",
        STR_ARG(lint_text(lint, (struct span){line->words[1]->span.begin, line_span(line).end})));
    diag_note(lint_diags(lint), diag,
              "what an upstream or `respond` answers is no error, whatever its status; "
              "`handle_response` of reverse_proxy sees answers, and `error` makes errors");
}

/* --- DT521: redirections in a circle --- */

/* A site that sends everything elsewhere. */
struct redirect {
    const struct node *line;
    const struct token *address;
    struct str to_scheme, to_host; /* empty: as in the request */
};

/* The target of a redir without a matcher that stands directly in the site. */
static const struct node *redirect_of(struct lint *lint, const struct node *site)
{
    for (const struct node *line = site->body; line; line = line->next) {
        const struct token *matcher = line_matcher(lint, line);
        if (!str_is(line_name(line), "redir") || !line_argument(lint, line, 0))
            continue;
        if (matcher && !token_is(matcher, "*"))
            continue;
        return line;
    }
    return NULL;
}

static bool parse_target(const struct lint *lint, const struct node *line, struct redirect *out)
{
    struct str target = line_argument(lint, line, 0)->text, rest, ignored;
    out->to_scheme = out->to_host = STR("");
    if (str_has_prefix(target, STR("/")) && !str_has_prefix(target, STR("//")))
        return true;
    if (str_has_prefix(target, STR("{uri}")) || str_has_prefix(target, STR("{path}")))
        return true;
    if (!str_cut(target, STR("://"), &out->to_scheme, &rest) ||
        str_contains(out->to_scheme, STR("{")))
        return false;
    if (str_has_prefix(rest, STR("{host}"))) {
        rest = str_slice(rest, 6, rest.len);
        return rest.len == 0 || rest.ptr[0] == '/' || rest.ptr[0] == '{';
    }
    size_t n = 0;
    while (n < rest.len && rest.ptr[n] != '/' && rest.ptr[n] != '{' && rest.ptr[n] != '?')
        n++;
    /* a placeholder that continues the name makes another one of it */
    if (n < rest.len && rest.ptr[n] == '{' &&
        !str_has_prefix(str_slice(rest, n, rest.len), STR("{uri}")) &&
        !str_has_prefix(str_slice(rest, n, rest.len), STR("{path}")))
        return false;
    out->to_host = str_slice(rest, 0, n);
    str_cut(out->to_host, STR("@"), &ignored, &rest);
    return out->to_host.len > 0;
}

/* "https" or "http", with a port that is not the usual one; false where it is not plain. */
static bool origin_key(struct lint *lint, struct str scheme, struct str host, struct str port,
                       struct str *key)
{
    bool is_http = str_is(scheme, "http") || (scheme.len == 0 && str_is(port, "80"));
    if (str_contains(host, STR("{")) || str_contains(host, STR("*")) || host.len == 0)
        return false;
    if (str_is(port, is_http ? "80" : "443"))
        port = STR("");
    *key = str_lower(lint->arena,
                     str_printf(lint->arena, "%s://" STR_FMT ":" STR_FMT,
                                is_http ? "http" : "https", STR_ARG(host), STR_ARG(port)));
    return true;
}

static bool key_of_address(struct lint *lint, struct str address, struct str *key)
{
    return origin_key(lint, site_scheme(address), site_host(address), site_port(address), key);
}

/* The key of what the redirection of one address leads to. */
static bool key_of_target(struct lint *lint, const struct redirect *redirect, struct str *key)
{
    struct str from = redirect->address->text;
    struct str host = redirect->to_host.len ? site_host(redirect->to_host) : site_host(from);
    struct str port = redirect->to_scheme.len ? site_port(redirect->to_host) : site_port(from);
    struct str scheme = redirect->to_scheme.len ? redirect->to_scheme : site_scheme(from);
    return origin_key(lint, scheme, host, port, key);
}

static void add_redirects(struct lint *lint, struct map *redirects, const struct node *site)
{
    const struct node *line = redirect_of(lint, site);
    struct redirect redirect = {.line = line};
    if (!line || !parse_target(lint, line, &redirect))
        return;
    for (uint32_t i = 0; i < site->n_words; i++) {
        struct str key;
        if (!key_of_address(lint, site->words[i]->text, &key))
            continue;
        struct redirect *kept = arena_new(lint->arena, struct redirect);
        *kept = redirect;
        kept->address = site->words[i];
        map_put(redirects, key, kept);
    }
}

static void report_cycle(struct lint *lint, const struct redirect *first,
                         const struct redirect *last)
{
    const struct token *target = line_argument(lint, first->line, 0);
    struct diag *diag = lint_report(
        lint, target,
        first == last ? "this redirects every request to the site that it came to"
                      : "this redirects every request to a site that redirects it back");
    if (first != last)
        diag_label(lint_diags(lint), diag, line_argument(lint, last->line, 0)->span,
                   "and back again");
    diag_note(lint_diags(lint), diag, "browsers give up after some twenty redirections");
}

enum { MAX_HOPS = 8 };

void check_redirect_cycle(struct lint *lint)
{
    struct map redirects = map_in(lint->arena);
    if (!lint->tree || global_option(lint, "order"))
        return;
    for (const struct node *site = lint->tree->body; site; site = site->next)
        if (site->role == ROLE_SITE)
            add_redirects(lint, &redirects, site);
    for (size_t i = 0; i < redirects.n; i++) {
        const struct redirect *first = redirects.entries[i].value, *at = first;
        bool is_first = true; /* each circle is reported once, at the line that comes first */
        struct str key;
        for (int hops = 0; at && hops < MAX_HOPS && key_of_target(lint, at, &key); hops++) {
            const struct redirect *next = map_get(&redirects, key);
            is_first &= at->line->first_token >= first->line->first_token;
            if (next == first) {
                if (is_first)
                    report_cycle(lint, first, at);
                break;
            }
            at = next;
        }
    }
}
