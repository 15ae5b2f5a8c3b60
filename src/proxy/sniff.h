#ifndef DIALTONE_PROXY_SNIFF_H
#define DIALTONE_PROXY_SNIFF_H

#include "base/str.h"

/* The media type that the first bytes of a body look like (WHATWG MIME sniffing, as Go does it);
 * "application/octet-stream" where nothing is known of them. */
struct str sniff_content_type(struct str start);

#endif
