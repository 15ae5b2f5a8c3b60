/* Preloaded before the C library: the allocation numbered FAIL_AT, and with FAIL_ON every one after
 * it, finds no memory. With COUNT_TO, writes how many there were to that file. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static long n, at = -1;
static int goes_on;

static int fails(void)
{
    if (at < 0) {
        const char *text = getenv("FAIL_AT");
        at = text ? atol(text) : 0;
        goes_on = getenv("FAIL_ON") != NULL;
    }
    n++;
    if (!at || (goes_on ? n < at : n != at))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return fails() ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = fails() ? NULL : __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

static __attribute__((destructor)) void tell(void)
{
    const char *path = getenv("COUNT_TO");
    long total = n;
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", total);
        fclose(file);
    }
}
