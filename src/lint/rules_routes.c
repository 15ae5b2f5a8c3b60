/* Rules for matchers and routes (DT5xx): their rows. What they do is in the other rules_routes_*.c.
 */
#include "lint/routes.h"

#define SITE(lines) "example.com {\n" lines "}\n"
#define HASH        "$2a$14$Bjy6C77P.UOn1WrQeF3yOuUVOTVJ7XXDc6Y25d616tLEMi5kvALvO"

const struct lint_rule route_rules[] = {
    {.info = {"DT501", "exact-path-on-prefix-handler", "one path where a folder seems to be meant",
              SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why =
         "A path matcher without * is that one path. An application that lives below /api, or a "
         "folder of files, needs /api/*.\nFor paths that may well be single pages this is an info.",
     .at_run_time = "Requests for anything below go to whatever else the site has.",
     .bad = SITE("\treverse_proxy /api localhost:9000\n"),
     .good = SITE("\treverse_proxy /api/* localhost:9000\n"),
     .on = "reverse_proxy|handle|handle_path|route|php_fastcgi|file_server",
     .line = check_exact_path},
    {.info = {"DT502", "root-only-matcher", "a directive for the front page alone", SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why =
         "In version 1, / was all paths. Now it is the front page: everything else has no handler. "
         "A directive without a matcher\nis for all requests.",
     .at_run_time = "The front page works, and every other path gets an empty answer.",
     .bad = SITE("\treverse_proxy / app:3000\n"),
     .good = SITE("\treverse_proxy app:3000\n"),
     .on = "reverse_proxy|handle|handle_path|route|php_fastcgi|file_server|root|header|encode",
     .line = check_root_only},
    {.info = {"DT503", "prefix-without-slash",
              "a guard for what is below a folder, without the "
              "folder itself",
              SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "/admin/* begins behind the slash: /admin itself does not match. An application mostly "
            "answers both. In the profile\n`strict` the opposite is reported as an info: /admin* "
            "is /administrator as well.",
     .at_run_time = "Whoever leaves the slash away is not asked to log in.",
     .bad = SITE("\tbasic_auth /admin/* {\n\t\tbob " HASH "\n\t}\n\treverse_proxy app:3000\n"),
     .good = SITE("\t@admin path /admin /admin/*\n\tbasic_auth @admin {\n\t\tbob " HASH
                  "\n\t}\n\treverse_proxy app:3000\n"),
     .on = "basic_auth|basicauth|forward_auth|reverse_proxy|handle|route",
     .line = check_prefix},
    {.info = {"DT504", "contradictory-nested-matcher", "a matcher that what is around it excludes",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why =
         "Inside of a block only requests are left that match the block, and inside of "
         "handle_path their path has lost its prefix.\nA matcher for anything else is never true.",
     .at_run_time = "The directive is passed over.",
     .bad = SITE("\thandle_path /api/* {\n\t\trespond /api/health ok\n"
                 "\t\treverse_proxy app:9000\n\t}\n"),
     .good = SITE("\thandle_path /api/* {\n\t\trespond /health ok\n"
                  "\t\treverse_proxy app:9000\n\t}\n"),
     .whole = check_contradiction},
    {.info = {"DT505", "handle-sort-barrier",
              "a block that sorting does not move to where it belongs", SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why =
         "Caddy puts blocks with longer paths first. A block with a named matcher counts as equal "
         "to both of its neighbours, and\nstops the sorting between them: a general path before it "
         "stays before a special one behind it.",
     .at_run_time = "The general block answers what the special one is for.",
     .bad = SITE("\t@post method POST\n\thandle /a* {\n\t\trespond general\n\t}\n\thandle @post {\n"
                 "\t\trespond post\n\t}\n\thandle /abc* {\n\t\trespond special\n\t}\n"),
     .good = SITE("\t@post method POST\n\thandle @post {\n\t\trespond post\n\t}\n\thandle /a* {\n"
                  "\t\trespond general\n\t}\n\thandle /abc* {\n\t\trespond special\n\t}\n"),
     .whole = check_sort_barrier},
    {.info = {"DT506", "shadowed-route", "a matcher whose requests others take before",
              SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why = "Every request that this matches is handled by what comes before it, in the order that "
            "Caddy runs directives in.",
     .at_run_time = "It never runs.",
     .bad = SITE("\thandle /a/* {\n\t\trespond one\n\t}\n\thandle /a/* {\n\t\trespond two\n\t}\n"),
     .good = SITE("\thandle /a/* {\n\t\trespond one\n\t}\n\thandle /b/* {\n\t\trespond two\n\t}\n"),
     .whole = check_shadowed},
    {.info = {"DT507", "unreachable-handler", "a handler behind one that answers everything",
              SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why =
         "reverse_proxy, respond, file_server and the like answer and end the request. Without a "
         "matcher they leave nothing for\nthose that come behind, in the order that Caddy sorts "
         "them into.",
     .at_run_time = "The second one never runs.",
     .bad = SITE("\treverse_proxy app:9000\n\tfile_server\n"),
     .good = SITE("\treverse_proxy /api/* app:9000\n\tfile_server\n"),
     .whole = check_unreachable},
    {.info = {"DT508", "redirect-swallows-site",
              "a redirection of everything before the rest of the "
              "site",
              SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why =
         "`redir` comes before all handlers in Caddy's order. Without a matcher it redirects every "
         "request, also those that\nother directives of the site are for.",
     .at_run_time = "Nothing but the redirection ever runs.",
     .bad = SITE("\tredir https://other.example{uri}\n\treverse_proxy /.well-known/* app:9000\n"),
     .good = SITE("\thandle /.well-known/* {\n\t\treverse_proxy app:9000\n\t}\n\thandle {\n"
                  "\t\tredir https://other.example{uri}\n\t}\n"),
     .whole = check_swallowed},
    {.info = {"DT509", "rewrite-hides-proxy-route", "a matcher for paths that are rewritten before",
              SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why =
         "`rewrite`, `uri` and `try_files` change the path before handlers look at it. The usual "
         "try_files of a single-page\napplication turns every path that is no file into "
         "/index.html, those of the API too.",
     .at_run_time = "/api/x gets the HTML page.",
     .bad = SITE("\troot /srv\n\ttry_files {path} /index.html\n\treverse_proxy /api/* app:9000\n"
                 "\tfile_server\n"),
     .good = SITE("\thandle /api/* {\n\t\treverse_proxy app:9000\n\t}\n\thandle {\n\t\troot /srv\n"
                  "\t\ttry_files {path} /index.html\n\t\tfile_server\n\t}\n"),
     .whole = check_rewritten},
    {.info = {"DT510", "middleware-after-terminal", "a directive behind the one that answers",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "A route block, and the global option order, run directives as they are written. What "
            "asks for passwords, compresses or\nsets fields must stand before what answers.",
     .at_run_time = "It has no effect: a page behind basic_auth in this place is open to everyone.",
     .bad = SITE("\troute {\n\t\treverse_proxy app:3000\n\t\tbasic_auth {\n\t\t\tbob " HASH
                 "\n\t\t}\n\t}\n"),
     .good = SITE("\troute {\n\t\tbasic_auth {\n\t\t\tbob " HASH
                  "\n\t\t}\n\t\treverse_proxy app:3000\n\t}\n"),
     .whole = check_late_middleware},
    {.info = {"DT511", "host-matcher-outside-site",
              "a matcher for a host that the site does not have", SEVERITY_WARNING},
     .caddy = CADDY_SILENT,
     .why =
         "A site gets requests for its own addresses only. A host matcher inside of it can choose "
         "among these, and not add others.",
     .at_run_time = "It never matches.",
     .bad = SITE("\t@other host other.com\n\trespond @other other\n\trespond ok\n"),
     .good = "example.com, other.com {\n\t@other host other.com\n\trespond @other other\n"
             "\trespond ok\n}\n",
     .whole = check_host_outside},
    {.info = {"DT512", "path-matcher-never-matches", "a path that no request has", SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why =
         "Paths begin with a slash and hold neither query nor fragment; before they are compared, "
         "dots and doubled slashes are\nresolved. They are no regular expressions: only * is "
         "special, and ? and [] for one character.",
     .at_run_time = "The matcher is never true.",
     .bad = SITE("\tredir /old?id=3 /new\n"),
     .good = SITE("\t@old {\n\t\tpath /old\n\t\tquery id=3\n\t}\n\tredir @old /new\n"),
     .whole = check_never_matching},
    {.info = {"DT513", "invalid-regexp", "a regular expression that does not compile",
              SEVERITY_ERROR},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_VALIDATES,
     .why = "Caddy's regular expressions are those of Go (RE2): they run in linear time, and have "
            "neither look-around nor\nreferences back.",
     .at_run_time = "Caddy adapts the file and refuses to start with it.",
     .bad = SITE("\t@page path_regexp ^/(?!api).*\n\trespond @page ok\n"),
     .good = SITE("\t@page not path /api*\n\trespond @page ok\n"),
     .whole = check_regexps},
    {.info = {"DT514", "loose-regexp", "a regular expression in which a dot is any character",
              SEVERITY_INFO},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "In a regular expression . is any character: `.php` is in /xphp-notes too, and "
            "`a.example.com` is aXexample.com.",
     .at_run_time = "More matches than meant.",
     .bad = SITE("\t@php path_regexp .php$\n\trespond @php 403\n"),
     .good = SITE("\t@php path_regexp \\.php$\n\trespond @php 403\n"),
     .whole = check_loose_regexps},
    {.info = {"DT515", "undefined-capture", "a placeholder for a group that no expression captures",
              SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why =
         "{re.name.1} is the first group of the expression with that name, which is the matcher's "
         "own where it gives no other.",
     .at_run_time = "The placeholder is empty.",
     .bad = SITE("\t@user path_regexp user ^/user/([0-9]+)$\n\trewrite @user /id/{re.usr.1}\n"
                 "\treverse_proxy app:3000\n"),
     .good = SITE("\t@user path_regexp user ^/user/([0-9]+)$\n\trewrite @user /id/{re.user.1}\n"
                  "\treverse_proxy app:3000\n"),
     .whole = check_captures},
    {.info = {"DT516", "header-token-exact-match", "one entry where a field holds a list",
              SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why =
         "A header matcher compares whole values. Connection, Accept and the like hold lists: some "
         "browsers send\n`Connection: keep-alive, Upgrade`.",
     .at_run_time = "It works with some clients.",
     .bad = SITE("\t@ws header Connection Upgrade\n\treverse_proxy @ws app:3000\n"),
     .good = SITE("\t@ws header Connection *Upgrade*\n\treverse_proxy @ws app:3000\n"),
     .whole = check_header_token},
    {.info = {"DT517", "remote-ip-behind-proxy",
              "the address of the proxy where the client's is meant", SEVERITY_WARNING},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .since = "2.7",
     .why =
         "remote_ip is who opened the connection. With trusted_proxies that is a proxy in front; "
         "client_ip is whom it speaks for.",
     .at_run_time = "It matches no client, or all of them.",
     .bad = "{\n\tservers {\n\t\ttrusted_proxies static 10.0.0.0/8\n\t}\n}\n" SITE(
         "\t@office remote_ip 203.0.113.0/24\n\trespond @office ok\n"),
     .good = "{\n\tservers {\n\t\ttrusted_proxies static 10.0.0.0/8\n\t}\n}\n" SITE(
         "\t@office client_ip 203.0.113.0/24\n\trespond @office ok\n"),
     .whole = check_remote_ip},
    {.info = {"DT518", "path-argument-taken-as-matcher",
              "a folder of the disk that is read as a "
              "matcher",
              SEVERITY_ERROR},
     .fix = FIX_UNSAFE,
     .caddy = CADDY_SILENT,
     .why = "A first argument that begins with a slash is a matcher. `file_server /var/www` serves "
            "requests for the path /var/www;\nthe folder is the business of `root`. `redir /new "
            "permanent` redirects requests for /new, to a page called permanent.",
     .at_run_time = "All other requests get an empty answer.",
     .bad = SITE("\tfile_server /var/www/html\n"),
     .good = SITE("\troot * /var/www/html\n\tfile_server\n"),
     .on = "file_server|php_fastcgi|redir",
     .line = check_path_as_argument},
    {.info = {"DT519", "partial-handle-errors", "errors that nothing answers", SEVERITY_INFO},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .why = "handle_errors takes all errors of its site. Those that none of its blocks matches are "
            "answered with their status and\nnothing else.",
     .at_run_time = "Visitors see a blank page.",
     .bad = SITE("\treverse_proxy app:3000\n\thandle_errors {\n"
                 "\t\t@down expression {err.status_code} == 502\n\t\thandle @down {\n"
                 "\t\t\trespond \"back soon\"\n\t\t}\n\t}\n"),
     .good = SITE("\treverse_proxy app:3000\n\thandle_errors 502 {\n\t\trespond \"back soon\"\n"
                  "\t}\n"),
     .whole = check_partial_errors},
    {.info = {"DT520", "upstream-status-not-an-error",
              "error routes for a status that only answers "
              "have",
              SEVERITY_WARNING},
     .fix = FIX_SUGGEST,
     .caddy = CADDY_SILENT,
     .since = "2.8",
     .why = "An error is what a handler of Caddy fails with: a file that is not there, an upstream "
            "that cannot be reached. An answer of\nan upstream, or of `respond`, is no error, "
            "whatever its status.",
     .at_run_time = "The block never runs.",
     .bad =
         SITE("\treverse_proxy app:3000\n\thandle_errors 404 {\n\t\trespond \"not here\"\n\t}\n"),
     .good = SITE("\treverse_proxy app:3000 {\n\t\t@missing status 404\n"
                  "\t\thandle_response @missing {\n\t\t\trespond \"not here\" 404\n\t\t}\n\t}\n"),
     .on = "handle_errors",
     .line = check_upstream_status},
    {.info = {"DT521", "redirect-cycle", "redirections that lead back to where they began",
              SEVERITY_ERROR},
     .caddy = CADDY_SILENT,
     .why =
         "A redirection without a matcher is for every request, also for those that it just sent "
         "here.",
     .at_run_time = "Browsers say that there are too many redirections.",
     .bad = "example.com {\n\tredir https://www.example.com{uri}\n}\n"
            "www.example.com {\n\tredir https://example.com{uri}\n}\n",
     .good = "example.com {\n\tredir https://www.example.com{uri}\n}\n"
             "www.example.com {\n\treverse_proxy app:3000\n}\n",
     .whole = check_redirect_cycle},
    {.info = {"DT522", "invalid-expression", "an expression that does not compile", SEVERITY_ERROR},
     .caddy = CADDY_VALIDATES,
     .why = "The matcher `expression` takes the Common Expression Language, with the types and functions "
            "that Caddy gives it: a value has\none type, only a bool says yes or no, and a placeholder in "
            "braces may be of any type. Matchers are functions: path('/api/*').",
     .at_run_time = "Caddy adapts the file and refuses to start with it.",
     .bad = SITE("\t@api expression `path('/api/*') and {method} = 'POST'`\n\trespond @api ok\n"),
     .good = SITE("\t@api expression `path('/api/*') && {method} == 'POST'`\n\trespond @api ok\n"),
     .whole = check_expressions},
    {.info = {"DT523", "duplicate-mapping", "an input of a map that stands twice", SEVERITY_ERROR},
     .caddy = CADDY_VALIDATES,
     .why = "A map takes the first of its lines whose input fits. Caddy refuses a second line with the "
            "same input, be it as a text in one\nand as a regular expression in the other.",
     .at_run_time = "Caddy adapts the file and refuses to start with it.",
     .bad = SITE("\tmap {path} {section} {\n\t\t/news news\n\t\t/blog blog\n\t\t/news latest\n\t}\n"
                 "\trespond {section}\n"),
     .good = SITE("\tmap {path} {section} {\n\t\t/news news\n\t\t/blog blog\n\t\tdefault none\n\t}\n"
                  "\trespond {section}\n"),
     .whole = check_mappings},
    {.info = {0}},
};
