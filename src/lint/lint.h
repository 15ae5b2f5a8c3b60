#ifndef DIALTONE_LINT_LINT_H
#define DIALTONE_LINT_LINT_H

#include <stdbool.h>

#include "base/map.h"
#include "base/str.h"
#include "syntax/diag.h"

struct lint_rule;
struct pipeline;
struct policy;

/* Where the configuration runs. */
enum lint_environment { ENVIRONMENT_NONE, ENVIRONMENT_HOST, ENVIRONMENT_CONTAINER, ENVIRONMENT_DEV };

/* How much is looked for; each holds what the ones before it hold. */
enum lint_profile {
    PROFILE_DEFAULT,     /* recommended */
    PROFILE_COMPAT,      /* only what Caddy itself refuses or warns of */
    PROFILE_RECOMMENDED, /* errors, and warnings with few false positives */
    PROFILE_PRODUCTION,  /* what must not reach production */
    PROFILE_STRICT,      /* everything */
};

struct lint_version {
    unsigned major, minor, patch;
};

/* What a project or a command line asks of the linter. */
struct lint_settings {
    enum lint_profile profile;
    enum lint_environment environment;
    struct lint_version target; /* 0.0.0: the newest known */
    struct lint_version from;   /* compare with this one; 0.0.0: with none */
    bool only_versions;         /* only what is not the same in all versions of Caddy */
    /* Rule id or family ("DT404", "DT4", or a name) → struct lint_severity *; the project's hold
     * where the others say nothing. */
    struct map severities, project_severities;
    struct map variables;   /* declared environment variables: name → anything */
    bool has_variables;     /* some list was given: all others are known to be unset */
    bool ignores_comments;  /* --no-ignore */
    const struct policy *policies; /* of the project */
    size_t n_policies;
};

/* The names of profiles, environments and severities ("off" is SEVERITY_NONE); 0 or false where
 * there is none of that name. */
enum lint_profile lint_profile_named(struct str name);
enum lint_environment lint_environment_named(struct str name);
bool lint_severity_named(struct str name, enum severity *severity);
/* Sets the severity of a rule or family in one of the maps. Where there is none of that name: false,
 * and the nearest name or an empty text. */
bool lint_severity_put(struct map *severities, struct str rule, enum severity severity,
                       struct str *nearest);
/* Takes over what the pipeline's project says, wherever the settings say nothing. What makes no sense
 * is reported, and then false. */
bool lint_settings_add(struct lint_settings *settings, struct pipeline *pipeline);

/* A severity set by hand; SEVERITY_NONE switches the rule off. */
struct lint_severity {
    enum severity severity;
};

/* Gives what the compiler has found the severities of the settings, but for what Caddy refuses.
 * lint_run does so too. */
void lint_apply_severities(struct pipeline *pipeline, const struct lint_settings *settings);
/* Runs every rule over what the pipeline has made so far (after pipeline_adapt, whether or not it
 * succeeded) and adds the findings to its diagnostics. <settings> may be NULL for the defaults. */
void lint_run(struct pipeline *pipeline, const struct lint_settings *settings);

/* "2.11", "2.11.4" → version; false where it is none. */
bool lint_version_read(struct str text, struct lint_version *version);
/* Whether a version comes before the one that <bound> spells ("2.11"); false for 0.0.0. */
bool lint_version_before(struct lint_version version, const char *bound);

/* The rules, in order of their ids: the row, or NULL past the end. */
const struct lint_rule *lint_rule_at(size_t i);
/* By id ("DT404") or name, whatever its case; or NULL. */
const struct lint_rule *lint_rule_find(struct str id);
/* Whether some rule or diagnostic of the compiler has that id or name, or is of that family ("DT4").
 * Else <*nearest> is what was probably meant, or empty. */
bool lint_rule_exists(struct str name, struct str *nearest);
/* Its identity, wherever the row keeps it. */
const struct diag_code_info *lint_rule_info(const struct lint_rule *rule);
/* The page of `dialtone explain`. */
struct strbuf;
void lint_explain(const struct lint_rule *rule, struct strbuf *out);
/* All rules as JSON, for programs. */
void lint_rules_json(struct arena *arena, struct strbuf *out);

#endif
