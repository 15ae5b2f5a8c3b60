/* Linked with what emit_cases wrote: the dump of each case's tables as the C compiler made them goes
 * to FOLDER/N.got. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "dialtone/proxy.h"
#include "native/dump.h"
#include "native/layout.h"

extern int (*const emitted[])(int argc, char **argv);
int emitted_dump(const struct dt_tables *tables, int argc, char **argv);

const struct dt_regexp_engine dt_re2;

void dt_proxy_use_regexps(const struct dt_regexp_engine *engine)
{
    (void)engine;
}

int dt_argon2id(uint32_t passes, uint32_t kibibytes, uint32_t lanes, const void *password,
                size_t password_len, const void *salt, size_t salt_len, void *hash, size_t hash_len)
{
    (void)passes, (void)kibibytes, (void)lanes, (void)password, (void)password_len, (void)salt;
    (void)salt_len, (void)hash, (void)hash_len;
    return 0;
}

void dt_proxy_use_argon2id(dt_argon2id_function *function)
{
    (void)function;
}

const struct dt_dns_engine dt_cares;

void dt_proxy_use_dns(const struct dt_dns_engine *engine)
{
    (void)engine;
}

const struct dt_acme_engine dt_acme;

void dt_proxy_use_acme(const struct dt_acme_engine *engine)
{
    (void)engine;
}

/* What the emitted mains call in place of dt_proxy_main. */
int emitted_dump(const struct dt_tables *tables, int argc, char **argv)
{
    struct arena arena = ARENA_INIT;
    struct strbuf text = strbuf_in(&arena);
    char path[4096];
    snprintf(path, sizeof(path), "%s/%d.got", argv[0], argc);
    FILE *file = fopen(path, "wb");
    bool is_sound = tables_are_sound(tables);
    if (is_sound)
        dump_tables(tables, &text);
    if (!file || fwrite(strbuf_str(&text).ptr, 1, text.len, file) != text.len || fclose(file) != 0)
        is_sound = false;
    arena_free(&arena);
    return !is_sound;
}

int main(int argc, char **argv)
{
    int status = argc != 2;
    for (int i = 0; argc == 2 && emitted[i]; i++)
        status |= emitted[i](i, argv + 1);
    return status;
}
