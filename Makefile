# dialtone: every rule. `make run` shows it at work, `make test` tests it; both install what is
# missing first (NO_INSTALL=1 only names it). `make help` lists the rest.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
VERSION := 0.1.0

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla
OPTIMISE ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -Isrc -Iinclude -I$(GEN) -DDIALTONE_VERSION='"$(VERSION)"'
CFLAGS   += -std=gnu11 $(OPTIMISE) $(WARNINGS) $(SANITIZE)
LDFLAGS  += $(SANITIZE)

COMPILER_LIBS = $(shell pkg-config --libs jansson 2>/dev/null || echo -ljansson)
PROXY_LIBS    = $(shell pkg-config --libs openssl 2>/dev/null || echo -lssl -lcrypto) -lpthread

GEN := $(BUILD)/gen
OBJ := $(BUILD)/obj

# The compiler and the server share base/ and meet only in include/dialtone/tables.h.
PROXY_FOLDERS := base net http proxy
SOURCES       := $(wildcard src/*.c src/*/*.c)
CLI_SOURCES   := $(wildcard src/cli/*.c)
LIB_SOURCES   := $(filter-out $(CLI_SOURCES),$(SOURCES))
PROXY_SOURCES := $(foreach folder,$(PROXY_FOLDERS),$(wildcard src/$(folder)/*.c))
LEXERS        := $(wildcard grammar/*.re)
PARSERS       := $(wildcard grammar/*.y)
GEN_SOURCES   := $(LEXERS:grammar/%.re=$(GEN)/%.c) $(PARSERS:grammar/%.y=$(GEN)/%.c)
PROXY_GEN     := $(GEN)/http1.c

objects        = $(patsubst $(GEN)/%.c,$(OBJ)/gen/%.o,$(patsubst src/%.c,$(OBJ)/%.o,$(1)))
LIB_OBJECTS   := $(call objects,$(LIB_SOURCES) $(GEN_SOURCES))
PROXY_OBJECTS := $(call objects,$(PROXY_SOURCES) $(filter $(PROXY_GEN),$(GEN_SOURCES)))
CLI_OBJECTS   := $(call objects,$(CLI_SOURCES))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all help libs unit layers clean

all: $(BUILD)/dialtone $(BUILD)/libdialtone.a $(BUILD)/libdialtone-proxy.a

help:
	@sed -n 's/^# `make \(.*\)`: /  make \1\t/p' Makefile

$(BUILD)/dialtone: $(CLI_OBJECTS) $(BUILD)/libdialtone.a
	$(CC) $(LDFLAGS) -rdynamic -o $@ $(CLI_OBJECTS) $(BUILD)/libdialtone.a $(COMPILER_LIBS) $(PROXY_LIBS)

$(BUILD)/libdialtone.a: $(LIB_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libdialtone-proxy.a: $(PROXY_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

libs: $(BUILD)/libdialtone.a $(BUILD)/libdialtone-proxy.a

$(OBJ)/%.o: src/%.c | $(GEN_SOURCES)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/gen/%.o: $(GEN)/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-unused-parameter -Wno-unused-variable -Wno-missing-prototypes \
	    -MMD -MP -c -o $@ $<

$(GEN)/%.c: grammar/%.re
	@mkdir -p $(@D)
	re2c -8 --case-ranges -W -Werror --no-generation-date -o $@ $<

$(GEN)/%_parser.c $(GEN)/%_parser.h &: grammar/%_parser.y
	@mkdir -p $(GEN)
	lemon -d$(GEN) $<
	@touch $(GEN)/$*_parser.c $(GEN)/$*_parser.h

# `make unit`: the unit tests alone
unit: $(UNIT_TESTS)
	@failed=0; for t in $(UNIT_TESTS); do $$t || failed=1; done; exit $$failed

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libdialtone.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libdialtone.a \
	    $(COMPILER_LIBS) $(PROXY_LIBS)

# `make layers`: who may include whom
layers:
	@tests/layers.sh

clean:
	rm -rf $(BUILD)

-include $(LIB_OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d) $(UNIT_TESTS:=.d)
