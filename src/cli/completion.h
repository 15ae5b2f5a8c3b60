#ifndef DIALTONE_CLI_COMPLETION_H
#define DIALTONE_CLI_COMPLETION_H

#include "base/str.h"
#include "cli/cli.h"
#include "cli/flags.h"

/* What may be written in some place of a command line. */
enum completes {
    COMPLETES_NOTHING,
    COMPLETES_WORDS, /* those that are listed */
    COMPLETES_FILES,
    COMPLETES_FOLDERS,
    COMPLETES_OUTPUTS,    /* FORMAT:FILE */
    COMPLETES_RULES,      /* their ids and names */
    COMPLETES_SEVERITIES, /* RULE=SEVERITY,... */
    COMPLETES_NAMES,      /* of the vocabulary */
};

struct completes_what {
    enum completes kind;
    struct str words; /* of COMPLETES_WORDS, space separated */
};

/* What a flag's argument is. */
struct completes_what flag_completes(struct arena *arena, const struct flag *flag);
/* What the command's first argument is, and what those behind it are. */
struct completes_what command_completes_first(struct arena *arena, const struct command *command);
struct completes_what command_completes_more(struct arena *arena, const struct command *command);
/* Whether a flag may stand more than once. */
bool flag_repeats(const struct flag *flag);

/* A name that completes, and what it is. */
struct completion_name {
    const char *name, *doc;
};
struct completion_names {
    struct completion_name *at;
    size_t n;
};
struct completion_names completion_rules(struct arena *arena); /* ids, and names as documentation */
struct completion_names completion_vocabulary(struct arena *arena); /* sorted, each once */
/* The formats of reports and the severities of rules, space separated. */
struct str completion_formats(struct arena *arena);
#define COMPLETION_SEVERITIES "off info warning error"

/* The parts of the scripts that no row changes: completion.bash and its like. */
extern const char completion_bash_text[], completion_zsh_text[], completion_fish_text[];

void completion_bash(struct arena *arena, struct strbuf *out);
void completion_zsh(struct arena *arena, struct strbuf *out);
void completion_fish(struct arena *arena, struct strbuf *out);

#endif
