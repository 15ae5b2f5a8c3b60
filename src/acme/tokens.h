#ifndef DIALTONE_ACME_TOKENS_H
#define DIALTONE_ACME_TOKENS_H

#include "acme/challenges.h"

/* Challenges in the storage, where all processes that share it find them, whichever of them an
 * authority asks back: certmagic's acme.Challenge in ROOT/acme/AUTHORITY/challenge_tokens. */

/* One challenge of one name. */
struct acme_token {
    enum acme_challenge_kind kind;
    struct str name;  /* a DNS name or an IP address */
    struct str token; /* the authority's */
    struct str key_authorization;
    struct str url; /* of the challenge */
};

/* False: <error> says why it cannot be kept. */
bool acme_token_save(struct arena *arena, struct str root, struct str directory,
                     const struct acme_token *token, struct str *error);
void acme_token_drop(struct arena *arena, struct str root, struct str directory,
                     const struct acme_token *token);
/* Looks for the challenge of <kind> that <identifier> is asked for: a name, an address, or an
 * address as a name below arpa (RFC 8738 6). Texts are in the arena. */
bool acme_token_load(struct arena *arena, struct str root, struct str directory,
                     enum acme_challenge_kind kind, struct str identifier,
                     struct acme_token *token);
/* What the file holds; false where that is no such challenge. */
bool acme_token_read(struct arena *arena, struct str text, enum acme_challenge_kind kind,
                     struct acme_token *token);

/* What a handshake of TLS-ALPN-01 asks for: for an address a name below arpa (RFC 8738 6), other
 * names as they are. */
struct str acme_alpn_name(struct arena *arena, struct str name);
/* What answers TLS-ALPN-01: certificate and key in PEM; empty where the library refuses. */
struct str acme_alpn_answer(struct arena *arena, struct str subject, struct str key_authorization);

#endif
