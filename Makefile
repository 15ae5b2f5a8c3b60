# dialtone: every rule. `make run` shows it at work, `make test` tests it; both install what is
# missing first (NO_INSTALL=1 only names it). `make help` lists the rest. V=1 shows the commands.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
VERSION := 0.1.0

# C++ is only RE2's interface; its compiler goes with the one for C
ifeq ($(origin CXX),default)
CXX = $(if $(findstring clang,$(CC)),$(CC:clang=clang++),c++)
endif

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla
OPTIMISE ?= -O2 -g
override CPPFLAGS += -D_GNU_SOURCE -Isrc -Iinclude -I$(GEN) -DDIALTONE_VERSION='"$(VERSION)"'
override CFLAGS   += -std=gnu11 $(OPTIMISE) $(WARNINGS) $(SANITIZE)
override LDFLAGS  += $(SANITIZE)
CXXFLAGS          += -std=c++17 $(OPTIMISE) -Wall -Wextra -fno-rtti $(SANITIZE)

# libraries NAME,WITHOUT-PKG-CONFIG: what to link, every one once, behind all that need it
libraries = $(shell (pkg-config --libs $(1) 2>/dev/null || echo $(2)) | awk '{ \
    for (i = NF; i > 0; i--) if ($$i !~ /^-l/ || !seen[$$i]++) words = $$i " " words; print words }')
COMPILER_LIBS := -lm
# a sanitizer takes calls of crypt for itself, and then needs the library all the same
comma := ,
CRYPT_LIB     := $(if $(SANITIZE),-Wl$(comma)--no-as-needed )-lcrypt
PROXY_LIBS    := $(call libraries,openssl libnghttp2,-lssl -lcrypto -lnghttp2) -lz -lzstd $(CRYPT_LIB) -lm -lpthread
# only for what holds regular expressions; RE2 itself where its archive can be linked
REGEXP_LIBS   := $(call libraries,re2,-lre2) -lstdc++
# only for what holds hashes of Argon2
ARGON2_LIBS   := $(call libraries,libargon2,-largon2)
# only for what gets certificates by ACME
ACME_LIBS     := $(call libraries,jansson,-ljansson)
# only for what looks up SRV records, or asks DNS servers of its own
DNS_LIBS      := $(call libraries,libcares,-lcares)

GEN := $(BUILD)/gen
OBJ := $(BUILD)/obj

# The compiler and the server share base/ and meet only in include/dialtone/tables.h.
PROXY_FOLDERS := base net http acme proxy
SOURCES       := $(wildcard src/*.c src/*/*.c)
CLI_SOURCES   := $(wildcard src/cli/*.c)
LIB_SOURCES   := $(filter-out $(CLI_SOURCES),$(SOURCES))
PROXY_SOURCES := $(foreach folder,$(PROXY_FOLDERS),$(wildcard src/$(folder)/*.c))
CXX_SOURCES   := $(wildcard src/proxy/*.cc)
LEXERS        := $(wildcard grammar/*.re)
PARSERS       := $(wildcard grammar/*.y)
PLUGINS_TEXT  := src/plugins/builtin.caddyfile
SHELLS        := bash zsh fish
GEN_SOURCES   := $(LEXERS:grammar/%.re=$(GEN)/%.c) $(PARSERS:grammar/%.y=$(GEN)/%.c) \
    $(GEN)/builtin_plugins.c $(GEN)/completion_texts.c
PROXY_GEN     := $(GEN)/http1.c $(GEN)/proxy_header.c

objects        = $(patsubst $(GEN)/%.c,$(OBJ)/gen/%.o,$(patsubst src/%.c,$(OBJ)/%.o,$(1)))
CXX_OBJECTS   := $(CXX_SOURCES:src/%.cc=$(OBJ)/%.o)
LIB_OBJECTS   := $(call objects,$(LIB_SOURCES) $(GEN_SOURCES)) $(CXX_OBJECTS)
PROXY_OBJECTS := $(call objects,$(PROXY_SOURCES) $(filter $(PROXY_GEN),$(GEN_SOURCES))) $(CXX_OBJECTS)
CLI_OBJECTS   := $(call objects,$(CLI_SOURCES))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_test.c))

FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

.DELETE_ON_ERROR:
.SECONDARY: $(GEN_SOURCES)
.SUFFIXES:
.PHONY: all help libs run test deps unit property fixes corpus corpus-update inventory wire layers asan clang fuzz oracle \
    oom faults twin php peers vtc slow smuggle smuggle-h2 acme story bench bench-proxy bench-compiler install uninstall clean

all: $(BUILD)/dialtone $(BUILD)/libdialtone.a $(BUILD)/libdialtone-proxy.a

Q   := $(if $(V),,@)
say  = $(if $(V),,@echo "  $(1)	$(2)")

# What objects are compiled with, which there are, and what is linked: files that change when that does.
stamp = $(shell mkdir -p $(@D))$(file >$@.new,$(1))@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
.PHONY: FORCE
$(BUILD)/flags: FORCE
	$(call stamp,$(CPPFLAGS) $(CFLAGS) $(CXXFLAGS))
$(BUILD)/libraries: FORCE
	$(call stamp,$(LDFLAGS) $(PROXY_LIBS) $(REGEXP_LIBS) $(ARGON2_LIBS) $(DNS_LIBS) $(ACME_LIBS))
$(BUILD)/dialtone $(OBJ)/cli/build.o: $(BUILD)/libraries
$(BUILD)/objects: FORCE
	$(call stamp,$(LIB_OBJECTS) $(CLI_OBJECTS))

help:
	@sed -n 's/^# `make \(.*\)`: /  make \1\t/p' Makefile

# OpenSSL and nghttp2 go into the program where their archives can be linked: only `dialtone run` needs
# them, and to load and relocate the shared ones takes longer than to compile a Caddyfile.
# STATIC_OPENSSL=no links the shared ones, as built proxies do.
STATIC_OPENSSL ?= yes
# some systems have no archive of this one
CARES_LINK = $(if $(filter /%,$(shell $(CC) -print-file-name=libcares.a)),-lcares,-Wl$(comma)-Bdynamic -lcares -Wl$(comma)-Bstatic)
LINK_PROGRAM = $(CC) $(LDFLAGS) -Wl,--as-needed -o $(BUILD)/dialtone $(CLI_OBJECTS) \
    $(BUILD)/libdialtone.a
$(BUILD)/dialtone: $(CLI_OBJECTS) $(BUILD)/libdialtone.a $(BUILD)/objects
	@if [ $(STATIC_OPENSSL) = yes ] && $(LINK_PROGRAM) $(if $(SANITIZE),,-static-libgcc) -Wl,-Bstatic -lssl \
	    -lcrypto -lnghttp2 -Wl,--start-group $(REGEXP_LIBS) -Wl,--end-group -largon2 $(CARES_LINK) -ljansson -lz -lzstd \
	    $(if $(SANITIZE),,-lcrypt) \
	    -Wl,-Bdynamic $(COMPILER_LIBS) $(CRYPT_LIB) -lpthread 2>/dev/null; \
	then echo 'linked $@ with the archives of OpenSSL, nghttp2, RE2 and what they need'; \
	else echo 'linked $@ with shared libraries'; $(LINK_PROGRAM) $(COMPILER_LIBS) $(PROXY_LIBS) $(REGEXP_LIBS) $(ARGON2_LIBS) $(DNS_LIBS) \
	    $(ACME_LIBS); fi

$(BUILD)/libdialtone.a: $(LIB_OBJECTS) $(BUILD)/objects
	@rm -f $@.new
	$(call say,AR,$@)
	$(Q)$(AR) qcs $@.new $(filter %.o,$^) && mv $@.new $@

$(BUILD)/libdialtone-proxy.a: $(PROXY_OBJECTS) $(BUILD)/objects
	@rm -f $@.new
	$(call say,AR,$@)
	$(Q)$(AR) qcs $@.new $(filter %.o,$^) && mv $@.new $@

libs: $(BUILD)/libdialtone.a $(BUILD)/libdialtone-proxy.a

# `dialtone build` links
$(OBJ)/cli/build.o: override CPPFLAGS += -DDIALTONE_PROXY_LIBS='"$(PROXY_LIBS)"' \
    -DDIALTONE_REGEXP_LIBS='"$(REGEXP_LIBS)"' -DDIALTONE_ARGON2_LIBS='"$(ARGON2_LIBS)"' \
    -DDIALTONE_DNS_LIBS='"$(DNS_LIBS)"' -DDIALTONE_ACME_LIBS='"$(ACME_LIBS)"'

$(OBJ)/%.o: src/%.c $(BUILD)/flags | $(GEN_SOURCES)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/%.o: src/%.cc $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CXX,$<)
	$(Q)$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/gen/%.o: $(GEN)/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-unused-parameter -Wno-unused-variable -Wno-missing-prototypes \
	    -Wno-type-limits \
	    -MMD -MP -c -o $@ $<

# Caddyfiles are UTF-8, what comes over the wire is bytes
RE2C_ENCODING = -8
$(PROXY_GEN): RE2C_ENCODING =
$(GEN)/%.c: grammar/%.re Makefile
	@mkdir -p $(@D)
	$(call say,RE2C,$<)
	$(Q)re2c $(RE2C_ENCODING) --case-ranges -W -Werror --no-generation-date -o $@ $<

$(GEN)/%_parser.c $(GEN)/%_parser.h &: grammar/%_parser.y
	@mkdir -p $(GEN)
	$(call say,LEMON,$<)
	$(Q)lemon -d$(GEN) $<
	@touch $(GEN)/$*_parser.c $(GEN)/$*_parser.h

# a text as one string: NAME is the variable
string = echo 'extern const char $(1)[];' && echo 'const char $(1)[] =' && \
    sed 's/[\\"]/\\&/g; s/	/\\t/g; s/^/    "/; s/$$/\\n"/' $(2) && echo ';'

$(GEN)/builtin_plugins.c: $(PLUGINS_TEXT)
	@mkdir -p $(GEN)
	$(call say,TEXT,$@)
	$(Q){ $(call string,builtin_plugins,$<); } >$@

$(GEN)/completion_texts.c: $(SHELLS:%=src/cli/completion.%)
	@mkdir -p $(GEN)
	$(call say,TEXT,$@)
	$(Q){ $(foreach shell,$(SHELLS),$(call string,completion_$(shell)_text,src/cli/completion.$(shell)) &&) :; } >$@

# `make unit`: the unit tests alone
unit: $(UNIT_TESTS)
	@failed=0; for t in $(UNIT_TESTS); do $$t || failed=1; done; exit $$failed

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libdialtone.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests/unit $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< $(BUILD)/libdialtone.a \
	    $(COMPILER_LIBS) $(PROXY_LIBS) $(ACME_LIBS)

# `make property`: what the linter says of routes, against an engine that runs random requests
PROPERTY_REQUESTS ?= 50000
property: $(BUILD)/property/route_analysis
	@$< $(PROPERTY_REQUESTS)

$(BUILD)/property/route_analysis: $(wildcard tests/property/*.[ch]) $(BUILD)/libdialtone.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(BUILD)/libdialtone.a \
	    $(COMPILER_LIBS) $(PROXY_LIBS)

# `make fixes`: corrections of mutated Caddyfiles (FIX_FILES=, FIX_SEED=)
FIX_FILES ?= 5000
FIX_SEED ?= 1
fixes: $(BUILD)/fix/fixes
	@$< $(FIX_FILES) $(FIX_SEED)

$(BUILD)/fix/fixes: $(wildcard tests/fix/*.[ch]) $(BUILD)/libdialtone.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(BUILD)/libdialtone.a \
	    $(COMPILER_LIBS) $(PROXY_LIBS)

# `make run`: install what is missing, build, and show dialtone at work
run:
	@tests/tools/deps.sh run
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) tests/demo.sh

# `make test`: install what is missing, build, and run every quick test
test:
	@tests/tools/deps.sh test
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory $(UNIT_TESTS) $(BUILD)/corpus_test $(BUILD)/batch $(BUILD)/emit_cases \
	    $(BUILD)/property/route_analysis $(BUILD)/fix/fixes
	@BUILD=$(BUILD) LDFLAGS="$(LDFLAGS)" tests/all.sh

# `make deps`: only install what building needs
deps:
	@tests/tools/deps.sh build

# `make corpus`: the cases under corpus/ alone
CORPUS := corpus/adapt corpus/errors corpus/fmt corpus/json corpus/lint corpus/native corpus/plugins corpus/project
corpus: $(BUILD)/corpus_test
	@$(BUILD)/corpus_test $(CORPUS)

# `make corpus-update`: write what comes out now as what is expected, in README.md too (read the diff!)
corpus-update: all $(BUILD)/corpus_test
	@$(BUILD)/corpus_test --update $(CORPUS)
	@tests/cli/docs.py $(BUILD) --update

$(BUILD)/corpus_test: tests/corpus_test.c tests/row_uses.c tests/row_uses.h $(BUILD)/libdialtone.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(BUILD)/libdialtone.a \
	    $(COMPILER_LIBS) $(PROXY_LIBS)

# `make emitted`: what the cases emit, compiled, is what was in memory
.PHONY: emitted
emitted: all $(BUILD)/emit_cases
	@tests/emit/run.sh $(BUILD)

$(BUILD)/emit_cases: tests/emit/emit_cases.c $(BUILD)/libdialtone.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(BUILD)/libdialtone.a $(COMPILER_LIBS) $(PROXY_LIBS)

# `make inventory`: what of the schema the corpus exercises, and whether all that it says is true
inventory: all $(BUILD)/corpus_test $(BUILD)/batch
	@tests/inventory/inventory.py $(BUILD)
	@tests/inventory/promises.py $(BUILD)

# `make wire`: what goes over the wire, against a real proxy process
wire: all
	@tests/wire/run.sh $(BUILD)

# `make layers`: who may include whom
layers:
	@tests/layers.sh

# `make asan`: every quick test under AddressSanitizer, UBSan and LeakSanitizer; clang's, which see
# arithmetic on null pointers too
asan:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-asan CC=clang OPTIMISE="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" test

# `make clang`: everything compiled with clang, warnings as errors
clang:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-clang CC=clang CFLAGS=-Werror all

# `make fuzz`: every fuzz target for FUZZ_SECONDS from the committed seeds
FUZZ_SECONDS ?= 20
fuzz:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)-fuzz CC=clang CFLAGS=-Werror OPTIMISE="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" \
	    $(FUZZERS:%=$(BUILD)-fuzz/fuzz_%)
	@tests/fuzz/run.sh $(BUILD)-fuzz $(FUZZ_SECONDS)

$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c $(BUILD)/libdialtone.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< $(BUILD)/libdialtone.a \
	    $(COMPILER_LIBS) $(PROXY_LIBS) $(ACME_LIBS)

$(BUILD)/batch: tests/row_uses.c tests/row_uses.h
$(BUILD)/batch $(BUILD)/fmt_batch $(BUILD)/cel_batch: $(BUILD)/%: tests/oracle/%.c $(BUILD)/libdialtone.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(BUILD)/libdialtone.a \
	    $(COMPILER_LIBS) $(PROXY_LIBS)

# `make oom`: out of memory at every allocation of a compile
oom: all
	@tests/oom/run.py $(BUILD)

# `make oracle`: corpus, generated files and JSON (ORACLE_FILES=, ORACLE_SEED=) against a real Caddy
ORACLE_FILES ?= 20000
ORACLE_SEED ?= 1
oracle: all $(BUILD)/batch $(BUILD)/fmt_batch $(BUILD)/cel_batch
	@tests/oracle/run.sh $(BUILD) $(ORACLE_FILES) $(ORACLE_SEED)

# `make twin`: the same Caddyfiles and requests to a real Caddy and to dialtone (TWIN=NAME…)
twin: all
	@BUILD=$(BUILD) tests/twin/run.sh $(BUILD) $(TWIN)

# `make smuggle`: requests with two readings, beside Caddy, nginx, HAProxy and h2o
smuggle: all
	@CADDY="$$(BUILD=$(BUILD) tests/tools/caddy.sh)" tests/smuggle/smuggle.py $(BUILD) --peers

# `make smuggle-h2`: requests of HTTP/2 that would say something else in HTTP/1, beside the same
smuggle-h2: all
	@CADDY="$$(BUILD=$(BUILD) tests/tools/caddy.sh)" tests/smuggle/smuggle_h2.py $(BUILD) --peers

# `make peers`: real servers and clients around dialtone (PEERS=NAME…)
peers: all
	@CADDY="$$(BUILD=$(BUILD) tests/tools/caddy.sh)" tests/peers/run.sh $(BUILD) $(PEERS)

# `make vtc`: both sides of the proxy as scripts for varnishtest, by dialtone and by a real Caddy (VTC=NAME…)
vtc: all
	@CADDY="$$(BUILD=$(BUILD) tests/tools/caddy.sh)" tests/vtc/run.py $(BUILD) --caddy $(VTC)

# `make slow`: slow clients beside fast ones, by slowhttptest
slow: all
	@tests/slow/slow.py $(BUILD)

# `make php`: a site in PHP behind a php-fpm of its own, by a real Caddy and by dialtone
php: all
	@BUILD=$(BUILD) tests/php/run.sh $(BUILD)

# `make acme`: certificates from a test authority
acme: all
	@CADDY="$$(BUILD=$(BUILD) tests/tools/caddy.sh)" tests/acme/acme.py $(BUILD)

# `make faults`: a running proxy is operated, everything around it breaks, both for a while (SOAK= seconds)
SOAK ?= 60
faults: all
	@tests/faults/run.sh $(BUILD) $(SOAK)

# `make story`: the router story in network namespaces (root)
story: all
	@tests/story/run.sh $(BUILD)

# `make bench`: both of the following, after each other
bench:
	@status=0; for part in compiler proxy; do $(MAKE) --no-print-directory bench-$$part || status=1; done; exit $$status

# `make bench-proxy`: CPU time per request beside nginx, HAProxy and Caddy (BENCH=--help)
bench-proxy: all
	@CADDY=$${CADDY-$$(BUILD=$(BUILD) tests/tools/caddy.sh || :)} tests/bench/run.py $(BUILD) $(BENCH)

# `make bench-compiler`: time and memory of the compiler beside a real Caddy (BENCH=--only=NAME,…)
bench-compiler: all
	@caddy=$$(BUILD=$(BUILD) tests/tools/caddy.sh) && tests/bench/compiler.py $(BUILD) "$$caddy" $(BENCH)

# `make install`: program, libraries, headers, pkg-config files, manual, completions (PREFIX=, DESTDIR=)
HEADERS := dialtone tables proxy
COMPLETIONS := bash-completion/completions zsh/site-functions fish/vendor_completions.d
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	    $(DESTDIR)$(PREFIX)/include/dialtone $(DESTDIR)$(PREFIX)/share/man/man1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8 \
	    $(DESTDIR)$(PREFIX)/share/dialtone
	install -m 755 $(BUILD)/dialtone $(DESTDIR)$(PREFIX)/bin/
	install -d $(COMPLETIONS:%=$(DESTDIR)$(PREFIX)/share/%)
	$(BUILD)/dialtone completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/dialtone
	$(BUILD)/dialtone completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_dialtone
	$(BUILD)/dialtone completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/dialtone.fish
	install -m 644 $(BUILD)/libdialtone.a $(BUILD)/libdialtone-proxy.a $(DESTDIR)$(PREFIX)/lib/
	install -m 644 $(HEADERS:%=include/dialtone/%.h) $(DESTDIR)$(PREFIX)/include/dialtone/
	install -m 644 src/cli/dialtone.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 src/proxy/dialtone-proxy.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -m 644 src/proxy/proxy.service $(DESTDIR)$(PREFIX)/share/dialtone/
	install -m 644 src/cli/dialtone-plugins.5 src/cli/dialtone-project.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	printf 'prefix=$(PREFIX)\nName: dialtone\nDescription: Caddyfile compiler as a library\nVersion: $(VERSION)\nRequires.private: openssl libnghttp2 zlib libzstd\nLibs: -L$${prefix}/lib -ldialtone\nLibs.private: -lcrypt -lpthread\nCflags: -I$${prefix}/include\n' \
	    >$(DESTDIR)$(PREFIX)/lib/pkgconfig/dialtone.pc
	printf 'prefix=$(PREFIX)\nName: dialtone-proxy\nDescription: the proxy core that emitted tables are linked with\nVersion: $(VERSION)\nRequires.private: openssl libnghttp2 zlib libzstd\nLibs: -L$${prefix}/lib -ldialtone-proxy\nLibs.private: -lcrypt -lpthread\nCflags: -I$${prefix}/include\n' \
	    >$(DESTDIR)$(PREFIX)/lib/pkgconfig/dialtone-proxy.pc

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/dialtone $(DESTDIR)$(PREFIX)/lib/libdialtone.a \
	    $(DESTDIR)$(PREFIX)/lib/libdialtone-proxy.a $(DESTDIR)$(PREFIX)/share/man/man1/dialtone.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5/dialtone-plugins.5 \
	    $(DESTDIR)$(PREFIX)/share/man/man5/dialtone-project.5 \
	    $(DESTDIR)$(PREFIX)/share/man/man8/dialtone-proxy.8 \
	    $(DESTDIR)$(PREFIX)/lib/pkgconfig/dialtone.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/dialtone-proxy.pc \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/dialtone \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_dialtone \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/dialtone.fish
	rm -rf $(DESTDIR)$(PREFIX)/include/dialtone $(DESTDIR)$(PREFIX)/share/dialtone

clean:
	rm -rf $(BUILD)

-include $(LIB_OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d) $(UNIT_TESTS:=.d)
