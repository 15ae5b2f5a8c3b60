/* The command `dialtone`: finds the row of the command and calls it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/suggest.h"
#include "cli/cli.h"

const struct command commands[] = {
    {.name = "check",
     .arguments = "[FILE|FOLDER...]",
     .doc = "say what is wrong with Caddyfiles, and how to mend it",
     .flags = "fix unsafe-fixes diff format report-output profile environment env target rules forbid "
              "require fail-on max-findings baseline exclude no-ignore native compact color "
              "no-normalize plugins no-project skip-unknown stdin-filename",
     .details = "Reads Caddyfiles (and the files they import) without starting, opening or writing\n"
                "anything, and prints every mistake of every file in one run. Without an argument it is the\n"
                "Caddyfile of this folder. In folders, files called Caddyfile, Caddyfile.*, *.Caddyfile and\n"
                "*.caddyfile are found, but not in hidden folders or node_modules; those that others of them\n"
                "import are seen there. Settings may stand in .dialtone: see `dialtone config --help`.\n\n"
                "Only --fix writes: into the files that are named and those that they import. Each\n"
                "correction is tried first: the JSON must stay the same, byte for byte (with\n"
                "--unsafe-fixes: the file must compile). What is reported is what is left; `-` is\n"
                "printed. With --diff nothing is written; the exit status is 1 where something would be.\n",
     .run = command_check},
    {.name = "baseline",
     .arguments = "[FILE|FOLDER...]",
     .doc = "record what `check` finds now, for it to hide from then on",
     .flags = "output profile environment env target rules forbid require exclude no-ignore native compact "
              "color no-normalize plugins no-project skip-unknown stdin-filename",
     .details = "`check --baseline BASELINE`, or a line `baseline BASELINE` in .dialtone, hides these findings,\n"
                "wherever their lines have moved to, and says how many. Recording again drops those that\n"
                "are gone.\n",
     .run = command_baseline},
    {.name = "upgrade",
     .arguments = "FROM TO [FILE...]",
     .doc = "say what another version of Caddy does differently with files",
     .flags = "format report-output rules fail-on max-findings baseline exclude no-ignore compact color "
              "plugins no-project skip-unknown stdin-filename",
     .details = "FROM and TO are versions such as 2.6 and 2.11, in either order: what TO does not know, what is\n"
                "gone or renamed, and what both take and treat differently.\n",
     .run = command_upgrade},
    {.name = "fmt",
     .arguments = "[FILE|FOLDER...]",
     .doc = "format Caddyfiles as `caddy fmt` does, without changing a word",
     .flags = "check diff write imports exclude no-project compact color stdin-filename",
     .details = "Prints the formatted text, unless told otherwise. With --check and --diff the exit status\n"
                "is 1 where something would change. Where `caddy fmt` would change what a file says, the\n"
                "words are kept; where no layout keeps them all, the file is left as it is, with status 1.\n",
     .run = command_fmt},
    {.name = "explain",
     .arguments = "RULE...",
     .doc = "tell what a rule finds, why it matters and what to write instead",
     .flags = "",
     .details = "RULE is an id such as DT404, or a name such as upstream-verification-disabled.\n",
     .run = command_explain},
    {.name = "rules",
     .arguments = "",
     .doc = "list the rules of the linter",
     .flags = "json",
     .run = command_rules},
    {.name = "config",
     .arguments = "[FILE]",
     .doc = "print the settings that hold for a file, and where each comes from",
     .flags = "json profile environment env target rules forbid require fail-on max-findings baseline "
              "exclude plugins no-project compact color",
     .details = "Settings are flags, or lines of the file .dialtone in the folder of FILE (default:\n"
                "Caddyfile; it need not be there) or above it; flags win.\n",
     .run = command_config},
    {.name = "adapt",
     .arguments = "FILE",
     .doc = "print the JSON that `caddy adapt` prints",
     .flags = "pretty output no-normalize source-map plugins no-project skip-unknown compact color "
              "stdin-filename",
     .details = "The output is byte for byte that of Caddy, except that addresses with a zone are\n"
                "normalized to tcp6/[address%zone]:port (--no-normalize keeps Caddy's spelling).\n",
     .run = command_adapt},
    {.name = "emit",
     .arguments = "c FILE",
     .doc = "print the native tables as C source",
     .flags = "output plugins no-project skip-unknown compact color stdin-filename",
     .details = "The source is C11 and needs the headers and the library of the proxy core:\n"
                "    cc proxy.c -ldialtone-proxy -lssl -lcrypto -lnghttp2 -lz -lzstd -lcrypt -lm -lpthread\n"
                "    (with regular expressions also -lre2 -lstdc++)\n",
     .run = command_emit},
    {.name = "tables",
     .arguments = "FILE",
     .doc = "print the native tables as text",
     .flags = "output plugins no-project skip-unknown compact color stdin-filename",
     .run = command_tables},
    {.name = "build",
     .arguments = "FILE -o PROXY",
     .doc = "make one executable: the proxy with the configuration inside",
     .flags = "output static keep-c library plugins no-project skip-unknown compact color "
              "stdin-filename",
     .details = "Emits C, compiles it with $CC (default: cc) and links the proxy core. The result\n"
                "knows --help, --version and --check.\n",
     .run = command_build},
    {.name = "run",
     .arguments = "FILE [-- PROXY-OPTIONS]",
     .doc = "serve in this process, from the same tables",
     .flags = "plugins no-project skip-unknown compact color stdin-filename",
     .details = "What follows `--` are options of the proxy, such as --workers N or --check;\n"
                "`dialtone run FILE -- --help` lists them.\n",
     .run = command_run},
    {.name = "schema",
     .arguments = "[NAME...]",
     .doc = "print the vocabulary: every directive, option, matcher and module",
     .flags = "json plugins output compact color",
     .details = "Without a name: a list. With names: all that is known of them. The JSON is a published\n"
                "interface; its \"schema_version\" grows when something is taken away or means\n"
                "something else.\n",
     .run = command_schema},
    {.name = "completion",
     .arguments = "bash|zsh|fish",
     .doc = "print a script that completes command lines in a shell",
     .flags = "output",
     .details = "`make install` puts them where the shells look. By hand:\n"
                "    source <(dialtone completion bash)          # in ~/.bashrc\n"
                "    dialtone completion zsh >_dialtone          # in a folder of $fpath\n"
                "    dialtone completion fish >~/.config/fish/completions/dialtone.fish\n",
     .run = command_completion},
    {0},
};

static void print_help(FILE *out)
{
    fputs("dialtone " DIALTONE_VERSION ": a Caddyfile compiler and validator with a native reverse "
          "proxy\n\nusage: dialtone COMMAND [OPTIONS] [FILE...]\n\n",
          out);
    for (const struct command *command = commands; command->name; command++)
        fprintf(out, "  %-10s %-24s %s\n", command->name, command->arguments, command->doc);
    fputs("\n`-` is standard input. A file may be a Caddyfile or Caddy's JSON.\n"
          "`dialtone COMMAND --help` tells more; `dialtone --version` names the version.\n"
          "Exit status: 0 fine, 1 findings or errors in the input, 2 wrong usage, 3 cannot read, "
          "write or run.\n",
          out);
}

static enum exit_status unknown_command(const char *name)
{
    struct suggestion suggestion = suggest_for(str_from(name));
    for (const struct command *command = commands; command->name; command++)
        suggest_try(&suggestion, str_from(command->name));
    fprintf(stderr, "dialtone: no command '%s'", name);
    if (suggestion.best.len)
        fprintf(stderr, ", did you mean '" STR_FMT "'?", STR_ARG(suggestion.best));
    fputs("\n(`dialtone --help` lists the commands)\n", stderr);
    return STATUS_USAGE;
}

static const struct command *find_command(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static void out_of_memory(void)
{
    static const char message[] = "dialtone: out of memory\n";
    ssize_t written = write(STDERR_FILENO, message, sizeof(message) - 1);
    (void)written; /* there is nobody else to tell */
    output_abandon();
    _exit(STATUS_TROUBLE);
}

int main(int argc, char **argv)
{
    arena_on_exhaustion(out_of_memory);
    if (argc < 2) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        puts("dialtone " DIALTONE_VERSION);
        return STATUS_FINE;
    }
    bool wants_help = strcmp(name, "help") == 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || (wants_help && argc == 2)) {
        print_help(stdout);
        return STATUS_FINE;
    }
    if (wants_help)
        name = argv[2];
    struct invocation invocation = {.command = find_command(name)};
    if (!invocation.command)
        return unknown_command(name);
    enum exit_status status = STATUS_FINE;
    if (!wants_help && !invocation_read(&invocation, argc - 2, argv + 2))
        status = STATUS_USAGE;
    else if (wants_help || invocation.help)
        flags_print_help(invocation.command);
    else
        status = invocation.command->run(&invocation);
    invocation_free(&invocation);
    if (fflush(stdout) != 0 && status == STATUS_FINE) {
        fputs("dialtone: cannot write to standard output\n", stderr);
        return STATUS_TROUBLE;
    }
    return status;
}
