#ifndef DIALTONE_MODULES_TABLES_H
#define DIALTONE_MODULES_TABLES_H

/* How the rows of the module tables are written, and what the families share. */
#include "modules/modules.h"

/* Shapes. */
#define ONE(kind_)            {.kind = SHAPE_##kind_}
#define LIST(kind_)           {.kind = SHAPE_##kind_, .nest = NEST_LIST}
#define MAP(kind_)            {.kind = SHAPE_##kind_, .nest = NEST_MAP}
#define LIST_OF_LISTS(kind_)  {.kind = SHAPE_##kind_, .nest = NEST_LIST_OF_LISTS}
#define MAP_OF_LISTS(kind_)   {.kind = SHAPE_##kind_, .nest = NEST_MAP_OF_LISTS}
#define OBJECT(object_)       {.kind = SHAPE_OBJECT, .object = &object_}
#define OBJECTS(object_)      {.kind = SHAPE_OBJECT, .nest = NEST_LIST, .object = &object_}
#define POINTERS(object_)                                                                          \
    {.kind = SHAPE_OBJECT, .nest = NEST_LIST, .object = &object_, .refuses_null = true}
#define OBJECT_MAP(object_)                                                                        \
    {.kind = SHAPE_OBJECT, .nest = NEST_MAP, .object = &object_, .refuses_null = true}
#define OBJECT_LISTS(object_) {.kind = SHAPE_OBJECT, .nest = NEST_MAP_OF_LISTS, .object = &object_}
#define MODULE(space_, key_)  {.kind = SHAPE_MODULE, .space = space_, .name_key = key_}
#define MODULES(space_, key_)                                                                      \
    {.kind = SHAPE_MODULE, .nest = NEST_LIST, .space = space_, .name_key = key_}
#define NAMED_MODULES(space_, key_)                                                                \
    {.kind = SHAPE_MODULE, .nest = NEST_MAP, .space = space_, .name_key = key_}
#define MODULE_MAP(space_)  {.kind = SHAPE_MODULE_MAP, .space = space_}
#define MODULE_MAPS(space_) {.kind = SHAPE_MODULE_MAP, .nest = NEST_LIST, .space = space_}

/* FIELD("name", shape, "doc", .since = …) */
#define FIELD(name_, shape_, ...) {.name = name_, .shape = shape_, .doc = __VA_ARGS__}
/* ROW("id", shape, "doc", .since = …) */
#define ROW(id_, shape_, ...) {.id = id_, .shape = shape_, .doc = __VA_ARGS__}
#define FIELDS                (const struct module_field[])

/* Objects of more than one family. */
extern const struct module_object module_nothing;          /* no fields */
extern const struct module_object module_header_ops;       /* changes to header fields */
extern const struct module_object module_headers;          /* request and response changes */
extern const struct module_object module_response_matcher; /* status and header conditions */
extern const struct module_object module_response_handler; /* and what is done then */
extern const struct module_object module_rewrite;          /* changes to the request line */
extern const struct module_object module_http_route;
extern const struct module_object module_http_routes; /* an object with routes */
extern const struct module_object module_http_metrics;
extern const struct module_object module_regexp; /* name and pattern */
extern const struct module_object module_dns_challenge;
extern const struct module_object module_tls_connection_policy;

/* The families. */
extern const struct module modules_admin[];
extern const struct module modules_logging[];
extern const struct module modules_http[];
extern const struct module modules_http_matchers[];
extern const struct module modules_http_handlers[];
extern const struct module modules_reverse_proxy[];
extern const struct module modules_tls[];
extern const struct module modules_tls_trust[];
extern const struct module modules_issuance[];

#endif
