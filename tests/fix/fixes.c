/* Corrects many Caddyfiles that nobody would write: the corpus and the rules' examples, mutated line by
 * line and word by word. fixes FILES SEED makes that many; fixes SEED-OF-ONE alone shows one of them.
 * Each is corrected in both ways (safe ones; unsafe ones too) and held against what is promised. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/map.h"
#include "base/vec.h"
#include "lint/lint.h"
#include "lint/rule.h"
#include "promises.h"

enum { MAX_TEXT = 8192, MAX_MUTATIONS = 6 };

struct str_vec {
    struct str *at;
    size_t n, cap;
};

static struct arena store; /* of everything that is mutated */
static struct str_vec texts, words, lines;
static uint64_t state, seed_of_one;

/* --- chance --- */

static uint64_t next_random(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(size_t n)
{
    return n ? next_random() % n : 0;
}

static struct str one_of(const struct str_vec *list)
{
    return list->at[below(list->n)];
}

/* --- what there is to mutate --- */

/* What rules with corrections look for, so that it is met often. */
static const char *const bait[] = {
    "*", "*", "*", "/", "/api", "/api/*", "/a", "@m", "https://[fe80::1%eth0]", "https://[fe80::1%25eth0]:8443",
    "http://[fe80::1%2]", "h2c://[fe80::2%eth1]:9000", "[fe80::1%25eth0]:80", "https://b.example",
    "https://b.example:443", "http://b.example:80", "https://10.0.0.1", "::1:8080", "{args.0}",
    "{args[0]}", "{args.1}", "{$HOST}", "{$WORD}", "{$STAR}", "{$PORT:8080}", "{$UNSET}", "{$LINE}",
    "{$BACK:-localhost:80}", "{env.HOST}", "x;", "{\"a\": 1}", "\"*\"", "`*`", "127.0.0.1:8443", "php",
    "unix:/run/x.sock", "reverse_proxy", "forward_auth", "php_fastcgi", "respond", "header", "handle", "route",
    "import", "bind", "to", "tls", "transport", "http", "redir", "root", "file_server", "basic_auth",
    "{", "}", "#", "# dialtone: ignore", "\\", "<<END", "\"", "\xc3\xa9", "remote_ip", "client_ip",
    "header_up", "X-Forwarded-Proto", "{scheme}", "Host", "{host}", "max-age=1; includeSubDomains",
};

static const char *const bait_lines[] = {
    "\treverse_proxy https://[fe80::1%eth0]", "\treverse_proxy * https://[fe80::1%eth0] https://b.example",
    "\t\tto https://[fe80::1%25eth0]:8443", "\trespond * ok", "\theader * A {$WORD}", "\timport s /x",
    "\timport s x {$HOST}", "import part.conf", "\timport part.conf x y", "\timport line.conf",
    "https://a.example:443 {", "http://a.example:80, https://b.example:443 {", "{", "}", "\thttps_port 8443",
    "\ttransport http {", "\t\ttls", "\tbind 127.0.0.1:8443", "\trespond {args.0} 200", "\troot * /srv",
    "\thandle /a* {", "\t@m path /x/*", "\t@m method POST", "\thandle @m {", "\trespond /b {$STAR}",
    "(s) {", "\t\theader_up Host {host}", "\trespond {\"a\": 1} 200", "\tadmin 0.0.0.0:2019",
    "\treverse_proxy /api app:80 {", "\tredir /old?id=3 /new", "\t{block}", "\timport s * {",
};

static const char *variable(const char *name)
{
    static const struct {
        const char *name, *value;
    } set[] = {{"HOST", "c.example"}, {"WORD", "w"},     {"STAR", "* x"},
               {"BACK", "b:80"},      {"LINE", "a\n\tb"}, {"DOMAIN", "d.example"}};
    for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
        if (strcmp(set[i].name, name) == 0)
            return set[i].value;
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void take_text(struct str text)
{
    struct str source, rest, line;
    str_cut(text, STR("\n----------\n"), &source, &rest);
    if (source.len > MAX_TEXT)
        return;
    vec_push(&store, &texts, source);
    for (rest = source; rest.len;) {
        str_cut(rest, STR("\n"), &line, &rest);
        vec_push(&store, &lines, line);
        for (size_t i = 0; i < line.len;) {
            size_t begin = i;
            while (i < line.len && !is_blank(line.ptr[i]))
                i++;
            if (i > begin)
                vec_push(&store, &words, str_slice(line, begin, i));
            i++;
        }
    }
}

static struct str read_whole(const char *path)
{
    struct strbuf text = strbuf_in(&store);
    FILE *file = fopen(path, "rb");
    char chunk[4096];
    size_t n;
    while (file && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        strbuf_add(&text, str_make(chunk, n));
    if (file)
        fclose(file);
    return strbuf_str(&text);
}

static int by_bytes(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* All Caddyfiles below a folder, in order of their names. */
static void take_folder(const char *path)
{
    struct str_vec names = {0};
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            vec_push(&store, &names, str_dup(&store, str_from(entry->d_name)));
    if (folder)
        closedir(folder);
    if (names.n)
        qsort(names.at, names.n, sizeof(*names.at), by_bytes);
    for (size_t i = 0; i < names.n; i++) {
        const char *name = arena_printf(&store, "%s/%s", path, names.at[i].ptr);
        if (str_has_suffix(names.at[i], STR(".caddyfile")) || str_is(names.at[i], "Caddyfile"))
            take_text(read_whole(name));
        else if (str_index(names.at[i], '.') < 0)
            take_folder(name);
    }
}

static void take_everything(void)
{
    static const char *const folders[] = {"adapt", "lint", "errors", "native", "seed", "fmt"};
    const struct lint_rule *rule;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        take_folder(arena_printf(&store, "corpus/%s", folders[i]));
    /* the examples of rules with corrections many times: they are what this is about */
    for (size_t i = 0; (rule = lint_rule_at(i)); i++) {
        int times = rule->fix == FIX_SAFE ? 60 : rule->fix == FIX_UNSAFE ? 10 : 1;
        for (int k = 0; rule->bad && k < times; k++)
            take_text(str_from(rule->bad));
    }
    size_t n_words = words.n, n_lines = lines.n;
    for (size_t i = 0; i < n_words; i++)
        vec_push(&store, &words, str_from(bait[i % (sizeof(bait) / sizeof(bait[0]))]));
    for (size_t i = 0; i < n_lines; i++)
        vec_push(&store, &lines, str_from(bait_lines[i % (sizeof(bait_lines) / sizeof(bait_lines[0]))]));
}

/* --- mutations --- */

static struct str_vec split_lines(struct arena *arena, struct str text)
{
    struct str_vec all = {0};
    struct str line;
    bool more = true;
    while (more) {
        more = str_cut(text, STR("\n"), &line, &text);
        vec_push(arena, &all, line);
    }
    return all;
}

static struct str join_lines(struct arena *arena, const struct str_vec *all, const char *end)
{
    struct strbuf out = strbuf_in(arena);
    for (size_t i = 0; i < all->n; i++) {
        strbuf_add(&out, all->at[i]);
        if (i + 1 < all->n)
            strbuf_puts(&out, end);
    }
    strbuf_cstr(&out);
    return strbuf_str(&out);
}

/* Replaces, takes away, doubles or adds one word of a line. */
static struct str mutate_words(struct arena *arena, struct str line)
{
    struct strbuf out = strbuf_in(arena);
    size_t n = 0;
    for (size_t i = 0; i < line.len; i++)
        n += !is_blank(line.ptr[i]) && (i == 0 || is_blank(line.ptr[i - 1]));
    size_t chosen = below(n), how = below(4);
    for (size_t i = 0, k = 0; i < line.len;) {
        size_t begin = i;
        while (i < line.len && is_blank(line.ptr[i]))
            i++;
        strbuf_add(&out, str_slice(line, begin, i));
        begin = i;
        while (i < line.len && !is_blank(line.ptr[i]))
            i++;
        struct str word = str_slice(line, begin, i);
        if (k++ != chosen) {
            strbuf_add(&out, word);
        } else if (how == 0) {
            strbuf_add(&out, one_of(&words));
        } else if (how > 1) {
            strbuf_add(&out, how == 2 ? one_of(&words) : word);
            strbuf_add_char(&out, ' ');
            strbuf_add(&out, how == 2 ? word : one_of(&words));
        }
    }
    return strbuf_str(&out);
}

/* The lines from <at> to the end of the site become a snippet that is imported twice. */
static void make_snippet(struct arena *arena, struct str_vec *all, size_t at)
{
    struct str_vec made = {0};
    size_t end = at;
    while (end < all->n && !str_has_prefix(all->at[end], STR("}")))
        end++;
    vec_push(arena, &made, STR("(s) {"));
    for (size_t i = at; i < end; i++)
        vec_push(arena, &made, all->at[i]);
    vec_push(arena, &made, STR("}"));
    for (size_t i = 0; i < at; i++)
        vec_push(arena, &made, all->at[i]);
    vec_push(arena, &made, STR("\timport s x y"));
    for (size_t i = end; i < all->n; i++)
        vec_push(arena, &made, all->at[i]);
    vec_push(arena, &made, STR("z.example {\n\timport s /x y\n}"));
    vec_push(arena, &made, STR(""));
    *all = made;
}

static void mutate_line(struct arena *arena, struct str_vec *all)
{
    size_t at = below(all->n), other = below(all->n);
    struct str line = all->at[at], new_line = one_of(&lines);
    switch (below(10)) {
    case 0: /* away with it */
        memmove(&all->at[at], &all->at[at + 1], (all->n - at - 1) * sizeof(*all->at));
        all->n--;
        if (all->n == 0)
            vec_push(arena, all, STR(""));
        break;
    case 1:
        all->at[at] = all->at[other];
        all->at[other] = line;
        break;
    case 2:
        all->at[at] = str_printf(arena, STR_FMT "\n" STR_FMT, STR_ARG(line), STR_ARG(new_line));
        break;
    case 3:
        all->at[at] = str_printf(arena, STR_FMT " # why", STR_ARG(line));
        break;
    case 4:
        all->at[at] = str_printf(arena, "    " STR_FMT "  ", STR_ARG(str_trim(line)));
        break;
    case 5:
        make_snippet(arena, all, at);
        break;
    case 6:
        all->at[at] = str_printf(arena, STR_FMT "\n" STR_FMT, STR_ARG(line), STR_ARG(line));
        break;
    default:
        all->at[at] = mutate_words(arena, line);
        break;
    }
}

static struct str mutated(struct arena *arena)
{
    struct str text = one_of(&texts), other = one_of(&texts);
    if (below(8) == 0)
        text = str_printf(arena, STR_FMT "\n" STR_FMT, STR_ARG(text), STR_ARG(other));
    struct str_vec all = split_lines(arena, text);
    for (size_t n = below(MAX_MUTATIONS); n > 0; n--)
        mutate_line(arena, &all);
    bool is_windows = below(12) == 0;
    if (all.n > 1 && all.at[all.n - 1].len == 0 && below(12) == 0)
        all.n--; /* no last line end */
    text = join_lines(arena, &all, "\n");
    if (is_windows)
        text = str_replace(arena, text, STR("\n"), STR("\r\n"));
    if (below(20) == 0)
        text = str_printf(arena, "\xef\xbb\xbf" STR_FMT, STR_ARG(text));
    return text;
}

static struct fix_case make_case(struct arena *arena, uint64_t seed)
{
    state = seed_of_one = seed;
    next_random();
    struct fix_case made = {.names = {"Caddyfile", "part.conf", "line.conf"}, .get_env = variable};
    made.texts[0] = mutated(arena);
    made.texts[1] = mutated(arena);
    struct str line = one_of(&lines);
    made.texts[2] = str_printf(arena, STR_FMT "\n", STR_ARG(line));
    return made;
}

/* --- the run --- */

static const char *const kinds[] = {[FIX_UNSAFE] = "unsafe", [FIX_SAFE] = "safe"};

static void show_case(const struct fix_case *files, FILE *out)
{
    for (int i = 0; i < CASE_FILES; i++)
        fprintf(out, "--- %s\n" STR_FMT "\n", files->names[i], STR_ARG(files->texts[i]));
}

static void on_crash(int number)
{
    char text[80];
    int n = snprintf(text, sizeof(text), "FAILED: signal %d while correcting %llu\n0 passed, 1 failed\n",
                     number, (unsigned long long)seed_of_one);
    ssize_t written = write(STDOUT_FILENO, text, (size_t)n);
    (void)written;
    signal(number, SIG_DFL);
    raise(number);
}

struct tally {
    unsigned long n_failed, n_changed, n_fixed, n_refused, n_by_reason[REFUSED_FILE + 1];
};

static bool run_one(uint64_t seed, enum fix_kind kind, struct tally *tally, bool is_shown)
{
    struct arena arena = ARENA_INIT;
    struct fix_case files = make_case(&arena, seed), corrected;
    struct fix_result result;
    const char *broken = broken_promise(&arena, &files, kind, &corrected, &result);
    tally->n_fixed += result.n_fixed;
    tally->n_changed += result.n_fixed > 0;
    for (const struct fix_refusal *refusal = result.refusals; refusal; refusal = refusal->next) {
        tally->n_refused++;
        tally->n_by_reason[refusal->reason]++;
        if (is_shown)
            printf("refused: %s %u:%u %s\n", refusal->rule->id, refusal->place.line, refusal->place.column,
                   fix_refusal_text(refusal->reason));
    }
    if (is_shown) {
        show_case(&files, stdout);
        printf("=== corrected (%s)\n", kinds[kind]);
        show_case(&corrected, stdout);
    }
    if (broken) {
        tally->n_failed++;
        printf("FAILED: %llu, %s corrections: %s\n", (unsigned long long)seed, kinds[kind], broken);
    }
    arena_free(&arena);
    return !broken;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    take_everything();
    signal(SIGSEGV, on_crash);
    signal(SIGABRT, on_crash);
    signal(SIGALRM, on_crash);
    struct tally safe = {0}, unsafe = {0};
    unsigned long n = argc > 2 ? strtoul(argv[1], NULL, 10) : 1;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) * 1000000 : strtoull(argv[1], NULL, 10);
    bool is_shown = argc == 2;
    for (unsigned long i = 0; i < n && safe.n_failed + unsafe.n_failed < 20; i++) {
        alarm(20); /* none takes that long */
        run_one(first + i, FIX_SAFE, &safe, is_shown);
        run_one(first + i, FIX_UNSAFE, &unsafe, is_shown);
    }
    printf("safe: %lu files changed, %lu corrections, %lu refused; unsafe too: %lu files, %lu corrections, "
           "%lu refused (%lu: endless)\n",
           safe.n_changed, safe.n_fixed, safe.n_refused, unsafe.n_changed, unsafe.n_fixed,
           unsafe.n_refused, unsafe.n_by_reason[REFUSED_ENDLESS]);
    printf("fixes: %lu passed, %lu failed\n", 2 * n - safe.n_failed - unsafe.n_failed,
           safe.n_failed + unsafe.n_failed);
    arena_free(&store);
    return safe.n_failed + unsafe.n_failed > 0;
}
