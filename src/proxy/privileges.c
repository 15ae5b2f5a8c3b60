/* From root to a user that can do little: for good, and checked. */

#include "proxy/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/parse.h"

enum { NAME_BYTES = 256 };

static bool refuse(const char *program, const char *name, const char *why)
{
    fprintf(stderr, "%s: --user %s: %s\n", program, name, why);
    return false;
}

static bool find_group(const char *name, gid_t *gid)
{
    int64_t number;
    const struct group *group = getgrnam(name);
    if (group) {
        *gid = group->gr_gid;
        return true;
    }
    if (parse_go_int(str_from(name), &number) != PARSE_OK || number < 0 || number >= UINT32_MAX)
        return false;
    *gid = (gid_t)number;
    return true;
}

static bool find_user(const char *name, struct privileges *out, bool has_group)
{
    int64_t number;
    const struct passwd *user = getpwnam(name);
    if (!user && parse_go_int(str_from(name), &number) == PARSE_OK && number >= 0 &&
        number < UINT32_MAX) {
        out->uid = (uid_t)number;
        user = getpwuid(out->uid);
        if (!user)
            return has_group; /* a bare number has no group of its own */
    }
    if (!user)
        return false;
    out->uid = user->pw_uid;
    if (!has_group)
        out->gid = user->pw_gid;
    return true;
}

bool privileges_find(struct privileges *privileges, const char *spec, const char *program)
{
    *privileges = (struct privileges){.is_wanted = spec != NULL, .name = spec};
    if (!spec)
        return true;
    char user[NAME_BYTES];
    const char *colon = strchr(spec, ':');
    size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
    if (len == 0 || len >= sizeof(user))
        return refuse(program, spec, "NAME or NAME:GROUP is expected");
    memcpy(user, spec, len);
    user[len] = '\0';
    if (colon && !find_group(colon + 1, &privileges->gid))
        return refuse(program, spec, "there is no such group");
    if (!find_user(user, privileges, colon != NULL))
        return refuse(program, spec, "there is no such user");
    if (privileges->uid == 0)
        return refuse(program, spec, "root gives up nothing by becoming root");
    privileges->is_there = getuid() == privileges->uid && geteuid() == privileges->uid;
    if (!privileges->is_there && geteuid() != 0)
        return refuse(program, spec, "only root can become another user");
    return true;
}

static int set_capabilities(uint64_t effective, uint64_t permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)effective, .permitted = (uint32_t)permitted},
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(permitted >> 32)},
    };
    return (int)syscall(SYS_capset, &header, data);
}

static bool get_capabilities(uint64_t *effective, uint64_t *permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    *effective = data[0].effective | (uint64_t)data[1].effective << 32;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return true;
}

bool privileges_borrow(const struct privileges *privileges, const char *program)
{
    uint64_t effective, permitted, files = UINT64_C(1) << CAP_DAC_OVERRIDE;
    if (!privileges->is_wanted)
        return true;
    /* of each thread: before there are others */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refuse(program, privileges->name, strerror(errno));
    if (privileges->is_there)
        return true;
    /* The kernel takes root's rights to files when this changes; the one to open any comes back. */
    setfsgid(privileges->gid);
    setfsuid(privileges->uid);
    if (!get_capabilities(&effective, &permitted) || !(permitted & files) ||
        set_capabilities(effective | files, permitted) != 0)
        return refuse(program, privileges->name,
                      "the capability to open files as root (CAP_DAC_OVERRIDE) is missing");
    return true;
}

bool privileges_drop(const struct privileges *privileges, const char *program)
{
    const char *name = privileges->name;
    uint64_t effective = 0, permitted = 0;
    if (!privileges->is_wanted)
        return true;
    if (!privileges->is_there) {
        const struct passwd *user = getpwuid(privileges->uid);
        int status = user ? initgroups(user->pw_name, privileges->gid)
                          : setgroups(1, &privileges->gid);
        if (status != 0 || setresgid(privileges->gid, privileges->gid, privileges->gid) != 0 ||
            setresuid(privileges->uid, privileges->uid, privileges->uid) != 0)
            return refuse(program, name, strerror(errno));
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (set_capabilities(0, 0) != 0)
        return refuse(program, name, strerror(errno));
    if (!get_capabilities(&effective, &permitted) || effective || permitted ||
        setuid(0) == 0 || getuid() != privileges->uid)
        return refuse(program, name, "root's rights could not be given up");
    return true;
}
