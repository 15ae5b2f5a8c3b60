/* Keys of session tickets: a new one every so often, made when it is first needed; the older ones
 * still open what they sealed. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/tls_private.h"

enum { NAME_BYTES = 16, KEY_BYTES = 32 };

struct ticket_key {
    unsigned char name[NAME_BYTES], cipher[KEY_BYTES], digest[KEY_BYTES];
};

struct tls_tickets {
    pthread_mutex_t lock;
    unsigned n, max;                 /* under lock, as all below */
    int64_t rotation_ns, rotated_ns; /* since boot */
    struct ticket_key keys[];        /* newest first */
};

static int64_t since_boot_ns(void)
{
    return clock_ns(CLOCK_BOOTTIME);
}

struct tls_tickets *tls_tickets_new(unsigned max, int64_t rotation_ns)
{
    struct tls_tickets *tickets = calloc(1, sizeof(*tickets) + max * sizeof(struct ticket_key));
    if (!tickets)
        return NULL;
    pthread_mutex_init(&tickets->lock, NULL);
    tickets->max = max;
    tickets->rotation_ns = rotation_ns;
    return tickets;
}

void tls_tickets_free(struct tls_tickets *tickets)
{
    if (!tickets)
        return;
    OPENSSL_cleanse(tickets->keys, tickets->max * sizeof(struct ticket_key));
    pthread_mutex_destroy(&tickets->lock);
    free(tickets);
}

/* One new key for each interval that has passed, so that keys die on time where nobody came; false
 * where there is none at all. */
static bool rotate(struct tls_tickets *tickets)
{
    int64_t now = since_boot_ns();
    int64_t due = tickets->n ? (now - tickets->rotated_ns) / tickets->rotation_ns : 1;
    tickets->rotated_ns = tickets->n ? tickets->rotated_ns + due * tickets->rotation_ns : now;
    if (due > tickets->max)
        due = tickets->max;
    for (; due > 0; due--) {
        struct ticket_key fresh;
        if (RAND_bytes((unsigned char *)&fresh, sizeof(fresh)) != 1)
            break;
        unsigned kept = tickets->n < tickets->max ? tickets->n : tickets->max - 1;
        memmove(tickets->keys + 1, tickets->keys, kept * sizeof(fresh));
        tickets->keys[0] = fresh;
        tickets->n = kept + 1;
        OPENSSL_cleanse(&fresh, sizeof(fresh));
    }
    return tickets->n > 0;
}

/* What one process tells another; both run the same machine's clock since boot. */
struct saved {
    char magic[8];
    uint32_t n, reserved;
    int64_t rotated_ns;
};

static const char saved_magic[8] = "tickets1";

size_t tls_tickets_save(struct tls_tickets *tickets, void *bytes, size_t size)
{
    struct saved saved = {0};
    size_t len = 0;
    memcpy(saved.magic, saved_magic, sizeof(saved_magic));
    pthread_mutex_lock(&tickets->lock);
    size_t room = size < sizeof(saved) ? 0 : (size - sizeof(saved)) / sizeof(struct ticket_key);
    saved.n = tickets->n < room ? tickets->n : (uint32_t)room;
    if (saved.n > 0) {
        saved.rotated_ns = tickets->rotated_ns;
        len = sizeof(saved) + saved.n * sizeof(struct ticket_key);
        memcpy(bytes, &saved, sizeof(saved));
        memcpy((char *)bytes + sizeof(saved), tickets->keys, len - sizeof(saved));
    }
    pthread_mutex_unlock(&tickets->lock);
    return len;
}

bool tls_tickets_take(struct tls_tickets *tickets, const void *bytes, size_t len)
{
    struct saved saved;
    if (len < sizeof(saved))
        return false;
    memcpy(&saved, bytes, sizeof(saved));
    if (memcmp(saved.magic, saved_magic, sizeof(saved_magic)) != 0 || saved.n == 0 ||
        len - sizeof(saved) != (uint64_t)saved.n * sizeof(struct ticket_key) ||
        saved.rotated_ns < 0 || saved.rotated_ns > since_boot_ns())
        return false;
    pthread_mutex_lock(&tickets->lock);
    tickets->n = saved.n < tickets->max ? saved.n : tickets->max;
    tickets->rotated_ns = saved.rotated_ns;
    memcpy(tickets->keys, (const char *)bytes + sizeof(saved),
           tickets->n * sizeof(struct ticket_key));
    pthread_mutex_unlock(&tickets->lock);
    return true;
}

static bool use_key(const struct ticket_key *key, bool seals, const unsigned char *iv,
                    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key->digest, KEY_BYTES),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, seals) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* OpenSSL's protocol: -1 an error, 0 no such key, 1 it opens, 2 it opens and a new one is due. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int seals)
{
    const struct tls_session *session = SSL_get_app_data(ssl);
    struct tls_tickets *tickets = session->server->config.tickets;
    int result = seals ? -1 : 0;
    pthread_mutex_lock(&tickets->lock);
    if (rotate(tickets) && seals) {
        memcpy(name, tickets->keys[0].name, NAME_BYTES);
        if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) == 1 &&
            use_key(&tickets->keys[0], true, iv, cipher, mac))
            result = 1;
    }
    for (unsigned i = 0; !seals && i < tickets->n; i++) {
        const struct ticket_key *key = &tickets->keys[i];
        if (memcmp(key->name, name, NAME_BYTES) != 0)
            continue;
        /* RFC 8446 C.4: clients use a ticket once, so each handshake gives the next */
        int opens = i > 0 || SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1;
        result = use_key(key, false, iv, cipher, mac) ? opens : -1;
        break;
    }
    pthread_mutex_unlock(&tickets->lock);
    return result;
}

void tls_tickets_use(SSL_CTX *context)
{
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}
