#ifndef DIALTONE_CLI_SETTINGS_H
#define DIALTONE_CLI_SETTINGS_H

#include "cli/cli.h"
#include "lint/lint.h"
#include "project/project.h"

/* Where the value of a setting comes from. */
enum setting_origin { SETTING_DEFAULT, SETTING_PROJECT, SETTING_FLAG };

/* What a setting of one word is: the flag's value, else the project's, else the default. */
struct setting_value {
    struct str text; /* .ptr NULL: nothing */
    enum setting_origin origin;
    const struct token *token; /* of the project */
};
struct setting_value setting_value(const struct invocation *invocation,
                                   const struct project *project, enum project_setting setting);
/* As it is written in .dialtone and, with dashes, on the command line. */
const char *setting_name(enum project_setting setting);

/* The linter's settings from the command line; false after a message. */
bool settings_read(struct arena *arena, const struct invocation *invocation,
                   struct lint_settings *settings);
/* Adds the policies of the command line and what the pipeline's project says. Other than STATUS_FINE
 * where diagnostics say what is wrong. */
enum exit_status settings_complete(struct lint_settings *settings, struct pipeline *pipeline,
                                   const struct invocation *invocation);
/* Whether the findings make the exit status 1. */
bool settings_fail(const struct pipeline *pipeline, const struct invocation *invocation);
/* How many findings people are shown in one run; 0: all. */
uint32_t settings_shown(const struct pipeline *pipeline, const struct invocation *invocation);

#endif
