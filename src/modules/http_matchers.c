/* What requests are matched by. */
#include "modules/tables.h"

const struct module_object module_regexp = {
    .name = "regexp",
    .noun = "a regular expression",
    .fields = FIELDS{
        FIELD("name", ONE(STRING), "what its captures are called in placeholders"),
        FIELD("pattern", ONE(STRING), "the expression, in Go's (RE2) syntax"),
        {0},
    },
};

static const struct module_object ip_ranges = {
    .name = "ip_matcher",
    .noun = "an IP matcher",
    .fields = FIELDS{
        FIELD("ranges", LIST(STRING), "addresses and CIDR ranges"),
        {0},
    },
};

static const struct module_object file = {
    .name = "file_matcher",
    .noun = "the file matcher",
    .fields = FIELDS{
        FIELD("fs", ONE(STRING), "the file system; the disk by default", .since = "2.8"),
        FIELD("root", ONE(STRING), "the folder; {http.vars.root} by default"),
        FIELD("try_files", LIST(STRING), "paths that are looked for; a / at the end: folders"),
        FIELD("try_policy", ONE(STRING), "which of them counts; the first that exists by default",
              .values = "first_exist|first_exist_fallback|smallest_size|largest_size|"
                        "most_recently_modified",
              .is_strict = true),
        FIELD("split_path", LIST(STRING), "what ends the file's name within a path, like .php"),
        {0},
    },
};

static const struct module_object tls = {
    .name = "tls_matcher",
    .noun = "the TLS matcher",
    .fields = FIELDS{
        FIELD("handshake_complete", ONE(BOOL), "whether the handshake is over; false: early data"),
        {0},
    },
};

static const struct module_object url_pattern = {
    .name = "url_pattern_matcher",
    .noun = "the URL pattern matcher",
    .fields = FIELDS{
        FIELD("pattern", ONE(STRING), "a pattern of the URL Pattern API"),
        FIELD("base_url", ONE(STRING), "what a relative pattern begins at"),
        FIELD("ignore_case", ONE(BOOL), "takes capital and small letters for the same"),
        {0},
    },
};

const struct module modules_http_matchers[] = {
    ROW("http.matchers.client_ip", OBJECT(ip_ranges), "the client's address, past trusted proxies",
        .since = "2.7"),
    ROW("http.matchers.expression", ONE(EXPRESSION), "a CEL expression"),
    ROW("http.matchers.file", OBJECT(file), "whether files are there"),
    ROW("http.matchers.header", MAP_OF_LISTS(STRING),
        "fields of the request, * for any text; null: must not be there"),
    ROW("http.matchers.header_regexp", OBJECT_MAP(module_regexp), "fields by regular expression"),
    ROW("http.matchers.host", LIST(STRING), "the Host; * for one label"),
    ROW("http.matchers.method", LIST(STRING), "the method"),
    ROW("http.matchers.not", MODULE_MAPS("http.matchers"), "what must not match"),
    ROW("http.matchers.path", LIST(STRING), "the path; * for any text"),
    ROW("http.matchers.path_regexp", OBJECT(module_regexp), "the path by regular expression"),
    ROW("http.matchers.protocol", ONE(STRING), "https, http, grpc, or a version like http/2+"),
    ROW("http.matchers.query", MAP_OF_LISTS(STRING), "parameters of the query; * for any value"),
    ROW("http.matchers.remote_ip", OBJECT(ip_ranges), "the address of the connection"),
    ROW("http.matchers.tls", OBJECT(tls), "the TLS connection", .since = "2.9"),
    ROW("http.matchers.url_pattern", OBJECT(url_pattern), "the whole URL by a pattern",
        .since = "2.11.5"),
    ROW("http.matchers.vars", MAP_OF_LISTS(STRING), "variables and placeholders"),
    ROW("http.matchers.vars_regexp", OBJECT_MAP(module_regexp),
        "variables and placeholders by regular expression"),
    {0},
};
