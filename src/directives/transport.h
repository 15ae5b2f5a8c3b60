#ifndef DIALTONE_DIRECTIVES_TRANSPORT_H
#define DIALTONE_DIRECTIVES_TRANSPORT_H

#include "adapt/options.h"

/* The options of `transport http` and `transport fastcgi`. */
extern const struct option http_transport_options[];
extern const struct option fastcgi_transport_options[];

#endif
