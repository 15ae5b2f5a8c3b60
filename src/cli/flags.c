/* Flags: one table of all of them; each command names those it takes. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/suggest.h"
#include "cli/cli.h"
#include "cli/flags.h"

#define AT(field) offsetof(struct invocation, field)

static const struct flag flags[] = {
    {"help", 'h', NULL, NULL, AT(help), "show this help", NULL},
    {"pretty", 'p', NULL, NULL, AT(pretty), "indent the JSON", NULL},
    {"json", 0, NULL, NULL, AT(json), "print JSON, for programs", NULL},
    {"output", 'o', "FILE", NULL, AT(output), "write to FILE, whole or not at all", NULL},
    {"output", 'o', "FORMAT:FILE...", NULL, AT(outputs),
     "write a report to FILE, whole or not at all; may be repeated", "report-output"},
    {"format", 0, "FORMAT", "human|compact|json|sarif|github|gitlab|checkstyle|junit", AT(format),
     "of the report on standard output (default: human)", NULL},
    {"no-normalize", 0, NULL, NULL, AT(no_normalize),
     "keep Caddy's spelling of zoned addresses that Caddy accepts", NULL},
    {"source-map", 0, NULL, NULL, AT(source_map),
     "print where each JSON value came from instead of the JSON", NULL},
    {"native", 0, NULL, NULL, AT(native), "also report what the proxy core cannot run", NULL},
    {"compact", 0, NULL, NULL, AT(compact), "one line per diagnostic", NULL},
    {"color", 0, "WHEN", "auto|always|never", AT(colour),
     "colour the diagnostics (default: auto, and NO_COLOR is honoured)", NULL},
    {"fail-on", 0, "SEVERITY", "error|warning|info|never", AT(fail_on),
     "what makes the exit status 1 (default: warning)", NULL},
    {"profile", 0, "NAME", "caddy-compat|recommended|production|strict", AT(profile),
     "how much is looked for (default: recommended)", NULL},
    {"environment", 0, "WHERE", "host|container|dev", AT(environment),
     "where the configuration runs", NULL},
    {"env", 0, "NAME...", NULL, AT(variables),
     "a variable of the environment that will be set; all others will not", NULL},
    {"target", 0, "VERSION", NULL, AT(target), "the version of Caddy it must work on, such as 2.7", NULL},
    {"rules", 0, "RULE=SEVERITY[,...]", NULL, AT(rules),
     "severities by id, family or name: DT404=error,DT9=off", NULL},
    {"max-findings", 0, "COUNT", NULL, AT(max_findings),
     "how many findings people are shown; 0: all (default: 100)", NULL},
    {"baseline", 0, "FILE", NULL, AT(baseline), "hide the findings that FILE knows", NULL},
    {"exclude", 0, "GLOB...", NULL, AT(excludes),
     "files and folders to pass over when they are found in a folder", NULL},
    {"forbid", 0, "POLICY...", NULL, AT(forbids),
     "what must not stand in a file, as in .dialtone: 'admin off'", NULL},
    {"require", 0, "POLICY...", NULL, AT(requires),
     "what must stand in each site, in the global options, or in each directive", NULL},
    {"no-ignore", 0, NULL, NULL, AT(no_ignore), "report also what comments hide", NULL},
    {"fix", 0, NULL, NULL, AT(fix), "write the safe corrections; the JSON stays the same", NULL},
    {"unsafe-fixes", 0, NULL, NULL, AT(unsafe_fixes),
     "with --fix or --diff: also those that change what it does", NULL},
    {"check", 0, NULL, NULL, AT(check), "only name the files that are not formatted", NULL},
    {"diff", 'd', NULL, NULL, AT(diff), "show what would change, as a unified diff", NULL},
    {"write", 'w', NULL, NULL, AT(write), "write the files, each whole or not at all", NULL},
    {"imports", 0, NULL, NULL, AT(imports), "and the files that they import", NULL},
    {"stdin-filename", 0, "NAME", NULL, AT(stdin_filename),
     "what messages call standard input (default: Caddyfile)", NULL},
    {"plugins", 0, "FILE...", NULL, AT(plugins),
     "descriptions of plugins; `builtin`: the built-in ones", NULL},
    {"no-project", 0, NULL, NULL, AT(no_project), "do not look for a .dialtone", NULL},
    {"skip-unknown", 0, NULL, NULL, AT(skip_unknown),
     "pass over what neither Caddy nor a description knows, with a warning", NULL},
    {"static", 0, NULL, NULL, AT(is_static), "link everything into the executable", NULL},
    {"keep-c", 0, NULL, NULL, AT(keep_c), "leave the emitted source beside the executable", NULL},
    {"library", 0, "FOLDER", NULL, AT(library_folder),
     "where libdialtone-proxy.a is (default: installed with this program)", NULL},
};

enum { N_FLAGS = sizeof(flags) / sizeof(flags[0]) };

static bool command_takes(const struct command *command, const struct flag *flag)
{
    if (flag->letter == 'h')
        return true;
    struct str left = str_from(command->flags), word;
    while (left.len) {
        str_cut(left, STR(" "), &word, &left);
        if (str_is(word, flag->key ? flag->key : flag->name))
            return true;
    }
    return false;
}

const struct flag *flag_next(const struct command *command, const struct flag *flag)
{
    for (flag = flag ? flag + 1 : flags; flag < flags + N_FLAGS; flag++)
        if (command_takes(command, flag))
            return flag;
    return NULL;
}

static const struct flag *find_flag(const struct command *command, struct str name)
{
    for (size_t i = 0; i < N_FLAGS; i++) {
        bool is_it = name.len == 1 ? flags[i].letter == name.ptr[0] : str_is(name, flags[i].name);
        if (is_it && command_takes(command, &flags[i]))
            return &flags[i];
    }
    return NULL;
}

static bool unknown_flag(const struct command *command, const char *written, struct str name)
{
    struct suggestion suggestion = suggest_for(name);
    for (size_t i = 0; i < N_FLAGS; i++)
        if (command_takes(command, &flags[i]))
            suggest_try(&suggestion, str_from(flags[i].name));
    fprintf(stderr, "dialtone %s: no option '%s'", command->name, written);
    if (suggestion.best.len)
        fprintf(stderr, ", did you mean '--" STR_FMT "'?", STR_ARG(suggestion.best));
    fprintf(stderr, "\n(`dialtone %s --help` lists them)\n", command->name);
    return false;
}

static bool is_legal(const struct flag *flag, const char *value)
{
    if (!flag->values)
        return true;
    struct str left = str_from(flag->values), word;
    while (left.len) {
        str_cut(left, STR("|"), &word, &left);
        if (str_is(word, value))
            return true;
    }
    return false;
}

/* Reads the flag at argv[*at]; moves *at past an argument of its own. */
static bool read_flag(struct invocation *invocation, int argc, char **argv, int *at)
{
    const struct command *command = invocation->command;
    const char *written = argv[*at];
    bool is_long = written[1] == '-';
    struct str name, value;
    bool has_value = str_cut(str_from(written + (is_long ? 2 : 1)), STR("="), &name, &value);
    const struct flag *flag = is_long && name.len == 1 ? NULL : find_flag(command, name);
    if (!flag)
        return unknown_flag(command, written, name);
    char *target = (char *)invocation + flag->offset;
    if (!flag->argument) {
        if (has_value) {
            fprintf(stderr, "dialtone %s: --%s takes no value\n", command->name, flag->name);
            return false;
        }
        *(bool *)target = true;
        return true;
    }
    const char *text = value.ptr;
    if (!has_value) {
        if (*at + 1 >= argc) {
            fprintf(stderr, "dialtone %s: --%s needs a %s\n", command->name, flag->name,
                    flag->argument);
            return false;
        }
        text = argv[++*at];
    }
    if (!is_legal(flag, text)) {
        fprintf(stderr, "dialtone %s: --%s is %s, not '%s'\n", command->name, flag->name,
                flag->values, text);
        return false;
    }
    if (str_has_suffix(str_from(flag->argument), STR("..."))) {
        struct words *words = (struct words *)target;
        words->at = realloc(words->at, (words->n + 1) * sizeof(*words->at));
        if (!words->at)
            arena_exhausted();
        words->at[words->n++] = text;
        return true;
    }
    *(const char **)target = text;
    return true;
}

bool invocation_read(struct invocation *invocation, int argc, char **argv)
{
    invocation->colour = "auto";
    invocation->stdin_filename = "Caddyfile";
    invocation->files = (const char **)argv; /* compacted in place: never ahead of the reading */
    invocation->rest = argv + argc;
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            invocation->rest = argv + i + 1;
            invocation->n_rest = argc - i - 1;
            break;
        }
        if (argv[i][0] == '-' && argv[i][1]) {
            if (!read_flag(invocation, argc, argv, &i))
                return false;
        } else {
            invocation->files[invocation->n_files++] = argv[i];
        }
    }
    if (invocation->n_rest && invocation->command->run != command_run) {
        /* elsewhere `--` only ends the options */
        memmove(invocation->files + invocation->n_files, invocation->rest,
                (size_t)invocation->n_rest * sizeof(*invocation->rest));
        invocation->n_files += (size_t)invocation->n_rest;
        invocation->n_rest = 0;
    }
    return true;
}

void invocation_free(struct invocation *invocation)
{
    for (size_t i = 0; i < N_FLAGS; i++) {
        if (!flags[i].argument || !str_has_suffix(str_from(flags[i].argument), STR("...")))
            continue;
        struct words *words = (struct words *)((char *)invocation + flags[i].offset);
        free(words->at);
        words->at = NULL;
    }
}

void flags_print_help(const struct command *command)
{
    printf("dialtone %s: %s\n\nusage: dialtone %s [OPTIONS] %s\n\n", command->name, command->doc,
           command->name, command->arguments);
    if (command->details)
        printf("%s\n", command->details);
    for (size_t i = 0; i < N_FLAGS; i++) {
        const struct flag *flag = &flags[i];
        if (!command_takes(command, flag))
            continue;
        char left[48];
        snprintf(left, sizeof(left), "--%s%s%s", flag->name, flag->argument ? " " : "",
                 flag->argument ? flag->argument : "");
        if (flag->letter)
            printf("  -%c, %-26s %s\n", flag->letter, left, flag->doc);
        else
            printf("      %-26s %s\n", left, flag->doc);
    }
}
