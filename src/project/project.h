#ifndef DIALTONE_PROJECT_PROJECT_H
#define DIALTONE_PROJECT_PROJECT_H

#include "adapt/cursor.h"
#include "base/vec.h"

/* What a project's .dialtone says, as it stands there: those who use a setting know what it means. */

/* Settings of one word: name, words after it, legal words (NULL: any), one line. Each is a flag of
 * `dialtone check` too, by the same name. */
#define PROJECT_VALUES(X)                                                                          \
    X(TARGET, "target", "<version>", NULL, "the version of Caddy that files must work on")         \
    X(ENVIRONMENT, "environment", "host|container|dev", "host|container|dev",                      \
      "where the configuration runs")                                                              \
    X(PROFILE, "profile", "caddy-compat|recommended|production|strict",                            \
      "caddy-compat|recommended|production|strict", "how much is looked for")                      \
    X(FAIL_ON, "fail-on", "error|warning|info|never", "error|warning|info|never",                  \
      "what makes the exit status 1")                                                              \
    X(MAX_FINDINGS, "max-findings", "<count>", NULL, "how many findings people are shown; 0: all") \
    X(BASELINE, "baseline", "<file>", NULL, "known findings, which are hidden")

#define X(setting, name, arguments, values, doc) PROJECT_##setting,
enum project_setting { PROJECT_VALUES(X) N_PROJECT_SETTINGS };
#undef X

/* What teams agree on: a name of the vocabulary, maybe in others ("reverse_proxy/transport"), and
 * the words that follow it. */
struct policy {
    enum policy_kind { POLICY_NONE, POLICY_FORBID, POLICY_REQUIRE } kind;
    struct token_list words;
    const struct token *message; /* NULL: nothing more to say */
};

struct project_rule {
    const struct token *rule, *severity;
};

struct project {
    const struct source *source;                    /* NULL: there is none */
    const struct token *values[N_PROJECT_SETTINGS]; /* NULL: not said */
    VEC(struct project_rule) rules;
    VEC(const struct token *) variables, excludes;
    VEC(struct policy) policies;
    VEC(const struct token *) plugin_files; /* paths of descriptions */
    VEC(const struct token *) plugins;      /* names of built-in descriptions */
    VEC(struct cursor) described;           /* plugins that are described right there: fresh cursors
                                               over `plugin <name> { … }` */
    bool wants_builtin; /* all of those descriptions */
};

/* Looks for .dialtone in the folder of the file and in those above it, and loads the first. NULL
 * where there is none, or after a report. */
const struct source *project_find(struct sources *sources, struct diags *diags, struct str path);
/* Adds the settings of a text to those there are. False where mistakes were reported. */
bool project_read(struct project *project, struct sources *sources, struct diags *diags,
                  const struct source *source);
/* The path that a word of the project means: from its folder. */
struct str project_path(const struct project *project, struct arena *arena,
                        const struct token *word);

#endif
