# `make help` lists the targets. Each variable can be set on the command line or in the environment.

LUA ?= 5.4
LUAS ?= 5.4 jit 5.3 5.1
# static: libcrypto becomes a part of core.so, for a host program that exports OpenSSL's functions, such as nginx with an
# OpenSSL of its own.
CRYPTO ?= shared
OPENRESTY ?= /usr/local/openresty
SPEC ?=

PREFIX ?= /usr/local
DESTDIR ?=
LUA_VERSION ?= $(if $(filter jit,$(LUA)),5.1,$(LUA))
LUA_BIN ?= $(if $(filter jit,$(LUA)),luajit,lua$(LUA))
LUADIR ?= $(PREFIX)/share/lua/$(LUA_VERSION)
LIBDIR ?= $(PREFIX)/lib/lua/$(LUA_VERSION)
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/dataworks

# The project's own checks set it to -Werror.
WERROR ?=

STRIP ?= strip
PKG_CONFIG ?= pkg-config
BUILD ?= build/$(LUA)
WARNINGS ?= -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=

ifeq ($(filter $(LUA),5.4 5.3 5.2 5.1 jit),)
$(error LUA=$(LUA): it may be 5.4, 5.3, 5.2, 5.1 or jit)
endif
ifeq ($(filter $(CRYPTO),shared static),)
$(error CRYPTO=$(CRYPTO): it may be shared or static)
endif
ifeq ($(LUA)$(shell [ $(LUA) != jit ] || $(PKG_CONFIG) --exists luajit || echo -missing),jit-missing)
LUA_BIN = $(OPENRESTY)/luajit/bin/luajit
LUA_CFLAGS ?= $(addprefix -I,$(firstword $(wildcard $(OPENRESTY)/luajit/include/luajit-*)))
endif

LUA_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags $(LUA_BIN))
CRYPTO_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags libcrypto)
SHARED_CRYPTO = $(shell $(PKG_CONFIG) --libs libcrypto)
STATIC_CRYPTO = -Wl,-Bsymbolic -Wl,--exclude-libs,ALL -Wl,-z,nodelete \
  $(shell $(PKG_CONFIG) --variable=libdir libcrypto)/libcrypto.a \
  $(filter-out -lcrypto,$(shell $(PKG_CONFIG) --libs --static libcrypto))
CRYPTO_LIBS ?= $(if $(filter static,$(CRYPTO)),$(STATIC_CRYPTO),$(SHARED_CRYPTO))
CURL_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags libcurl)
CURL_LIBS ?= $(shell $(PKG_CONFIG) --libs libcurl)

CURL_C = $(wildcard csrc/shared/*.c csrc/curl/*.c)
CORE_C = $(wildcard csrc/shared/*.c csrc/core/*.c csrc/system/*.c)
CURL_O = $(CURL_C:csrc/%.c=$(BUILD)/obj/%.o)
CORE_O = $(CORE_C:csrc/%.c=$(BUILD)/obj/%.o)
CORE = $(BUILD)/dataworks/core.so
MODULES = $(CORE) $(BUILD)/dataworks/curl.so
COMPILE = $(CC) -std=c11 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -fPIC -fno-plt -fvisibility=hidden -Icsrc \
  $(WARNINGS) $(WERROR) $(LUA_CFLAGS) $(CRYPTO_CFLAGS) $(MODULE_CFLAGS) $(CPPFLAGS) $(CFLAGS)

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

build: $(MODULES) ## build the C modules for the version LUA (5.4, 5.3, 5.2, 5.1 or jit) into build/LUA; CRYPTO=static links libcrypto into core.so
build-core: $(CORE) ## build only the C module core.so; nginx needs no other C module
all: ## build the C modules for each version in LUAS
	@set -e; for lua in $(LUAS); do $(MAKE) --no-print-directory build LUA=$$lua; done

$(CORE): $(CORE_O) $(BUILD)/crypto-$(CRYPTO)
	@mkdir -p $(@D)
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -o $@ $(CORE_O) $(CRYPTO_LIBS)

# Makes core.so depend on the value of CRYPTO, so that a new value links core.so again.
$(BUILD)/crypto-$(CRYPTO):
	@mkdir -p $(@D) && rm -f $(BUILD)/crypto-* && touch $@

$(BUILD)/dataworks/curl.so: $(CURL_O)
	@mkdir -p $(@D)
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CURL_LIBS)

$(BUILD)/obj/curl/%.o: MODULE_CFLAGS = $(CURL_CFLAGS)
$(BUILD)/obj/%.o: csrc/%.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

-include $(wildcard $(BUILD)/obj/*/*.d)

env: ## print commands that set the search paths to this build; use: eval "$(make -s env)"
	@top=$$(pwd | sed "s/'/'\\\\''/g"); \
	echo "export LUA_PATH='$$top/lua/?.lua;;' LUA_CPATH='$$top/$(BUILD)/?.so;;'"

demo: ## install missing packages; start the emulator, and create three tasks on it
	@tools/setup demo
	@$(MAKE) --no-print-directory -s build LUA=5.4
	@eval "$$($(MAKE) -s env LUA=5.4)"; lua5.4 bin/dataworks emulator -- lua5.4 examples/quickstart.lua

test: ## install missing packages; run lint, and all specs on each version in LUAS; SPEC=spec/x_spec.lua runs one file
	@tools/setup test
	@WERROR=-Werror tools/test "$(LUAS)" $(SPEC)

test-limit: ## test adaptive limits against a service with quotas, in real time; takes 45 seconds
	@tools/setup test
	@$(MAKE) --no-print-directory -s build LUA=5.4
	@tools/suite 5.4 spec/limit/quota_check.lua; status=$$?; \
	read -r passed failed skipped <build/5.4/counts; echo "$$passed passed, $$failed failed"; exit $$status

test-linear: ## measure the functions that take outside text on 1 MiB of one character; takes two minutes
	@tools/setup test
	@$(MAKE) --no-print-directory -s build LUA=5.4
	@DATAWORKS_LINEAR=full tools/suite 5.4 spec/system/linear_spec.lua; status=$$?; \
	read -r passed failed skipped <build/5.4/counts; echo "$$passed passed, $$failed failed"; exit $$status

test-page: ## install missing packages; test the web page of examples/openresty in headless Chromium, on LuaJIT
	@tools/setup page
	@$(MAKE) --no-print-directory -s build LUA=jit
	@tools/suite jit $(or $(SPEC),spec/page/in_chromium.lua); status=$$?; \
	read -r passed failed skipped <build/jit/counts; echo "$$passed passed, $$failed failed"; exit $$status

# The specs that start nginx.
NGINX_SPECS = spec/transport spec/emulator spec/cli spec/limit spec/credentials spec/system/openresty_spec.lua \
  spec/system/service_spec.lua spec/system/nginx_spec.lua spec/system/timers_spec.lua

nginx-builtin: ## build an nginx that has Lua built in, from Debian's source packages, as build/nginx/nginx
	@tools/setup nginx
	@tools/build_nginx

test-nginx: ## install missing packages; run the specs that start nginx, with an nginx that has Lua built in
	@tools/setup nginx
	@nginx=$$(tools/build_nginx) || { [ $$? = 3 ] && echo "skipped: no nginx was built" && exit; exit 1; }; \
	$(MAKE) --no-print-directory -s build LUA=jit; \
	DATAWORKS_NGINX=$$nginx tools/suite jit $(or $(SPEC),$(NGINX_SPECS)); status=$$?; \
	read -r passed failed skipped <build/jit/counts; echo "$$passed passed, $$failed failed"; exit $$status

LUA_FILES = $(shell find lua spec examples bench tools -name '*.lua' 2>/dev/null) bin/dataworks bin/installed

ROW ?=

bench: ## measure speed and memory against the cheapest programs that do the same, on the version LUA; ROW=request measures one row
	@tools/setup bench
	@$(MAKE) --no-print-directory -s build $(BUILD)/floor.so $(BUILD)/floor_crypto.so $(BUILD)/floor_libcurl.so
	@$(MAKE) --no-print-directory -s build LUA=jit
	@$(BENCH) bench/run.lua $(BUILD)/bench '$(ROW)'

bench-fleet: ## measure the plan of 10,000 unchanged tasks, what the ledger adds to a flow, and a shared limit
	@tools/setup test
	@$(MAKE) --no-print-directory -s build
	@eval "$$($(MAKE) -s env)"; LUA_PATH="$$PWD/?.lua;$$LUA_PATH" $(LUA_BIN) bench/fleet.lua 10000 500

bench-peers: ## measure the official SDK cores and calls by hand, beside the same calls of the library; ROW=python measures one
	@tools/setup bench
	@$(MAKE) --no-print-directory -s build $(BUILD)/floor.so
	@$(BENCH) bench/peers.lua $(BUILD)/peers '$(ROW)'

BENCH = LUA_PATH="$$PWD/lua/?.lua;$$PWD/?.lua;;" LUA_CPATH="$$PWD/$(BUILD)/?.so;;" $(LUA_BIN)

FLOOR_C = $(wildcard bench/floor/*.c)

$(BUILD)/floor.so: MODULE_CFLAGS = $(CURL_CFLAGS)
$(BUILD)/floor.so: $(FLOOR_C) bench/floor/floor.h Makefile
	@mkdir -p $(@D)
	$(COMPILE) -fvisibility=default -shared $(LDFLAGS) -o $@ $(FLOOR_C) $(CRYPTO_LIBS) $(CURL_LIBS)

$(BUILD)/floor_crypto.so: FLOOR_LIBS = $(CRYPTO_LIBS)
$(BUILD)/floor_libcurl.so: FLOOR_LIBS = $(CURL_LIBS)
$(BUILD)/floor_%.so: MODULE_CFLAGS = $(CURL_CFLAGS)
$(BUILD)/floor_%.so: bench/libraries/floor_%.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -fvisibility=default -shared $(LDFLAGS) -o $@ $< $(FLOOR_LIBS)

lint: ## run luacheck; check Lua 5.1 syntax, dependencies between folders, words, forbidden code, and slow patterns
	luacheck -q --no-color $(LUA_FILES)
	luac5.1 -p $(LUA_FILES)
	lua5.4 tools/rooms.lua --check docs/architecture.md
	lua5.4 tools/words.lua
	lua5.4 tools/forbidden.lua
	lua5.4 tools/patterns.lua

C_FILES = $(shell find csrc spec bench tools -name '*.[ch]')

check-c: ## compile with gcc and clang, run clang-format and cppcheck, and test the event loop without epoll
	@tools/setup gates
	@set -e; for cc in gcc clang; do for lua in $(LUAS); do \
	  echo "$$cc, Lua $$lua"; $(MAKE) --no-print-directory -s build CC=$$cc LUA=$$lua WERROR=-Werror BUILD=build/$$cc-$$lua; done; done
	@clang-format --dry-run --Werror $(C_FILES)
	cppcheck -q --std=c11 --enable=warning,portability,performance --inline-suppr --error-exitcode=1 -j2 csrc tools
	@$(MAKE) --no-print-directory -s build LUA=5.4
	@$(MAKE) --no-print-directory -s build LUA=5.4 BUILD=build/poll CPPFLAGS=-DDATAWORKS_NO_EPOLL
	@tools/suite 5.4 --cpath='./build/poll/?.so' spec/concurrency spec/curl/multi_spec.lua spec/transport/curl_transfers_spec.lua

VALGRIND ?= valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect,possible \
  --errors-for-leak-kinds=definite,indirect,possible --keep-debuginfo=yes --child-silent-after-fork=yes

# The specs that start nginx use the build for LuaJIT. Specs with the tag "install" are left out. They run the library
# in other processes, which valgrind does not watch.
test-valgrind: ## run the suite on Lua 5.4 under valgrind; a memory leak is a failure
	@tools/setup gates
	@$(MAKE) --no-print-directory -s all LUAS='5.4 jit'
	@WRAP='$(VALGRIND)' tools/suite 5.4 --exclude-tags=install $(SPEC)

ASAN = build/5.4-asan
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all

# The drivers of LuaDBI lose the memory of connections that could not be opened.
ASAN_SUITE = LSAN_OPTIONS=suppressions=spec/support/lsan_suppressions.txt INTERPRETER=$(ASAN)/lua tools/suite 5.4 --exclude-tags=install --cpath='./$(ASAN)/?.so'

test-asan: asan-build ## run the suite on Lua 5.4 with AddressSanitizer and UBSan; a memory leak is a failure
	@$(ASAN_SUITE) $(SPEC)

# The specs of test-gc. They call C functions directly, or send requests through them. test-gc uses the sanitizers,
# because the bytes of a collected string often stay intact in memory, so that only a sanitizer detects their use.
GC_SPECS = spec/core spec/system/file_spec.lua spec/system/process_spec.lua spec/system/random_spec.lua spec/curl \
  spec/protocol/key_cache_spec.lua spec/client_spec.lua spec/client_emulator_spec.lua

test-gc: asan-build ## run the specs of the C code while each allocation runs a full garbage collection
	@$(ASAN_SUITE) --helper=spec.support.gc_pressure $(or $(SPEC),$(GC_SPECS))

# Builds the library with the sanitizers. Also builds it without them, for the processes and the nginx that specs start.
asan-build:
	@tools/setup gates
	@$(MAKE) --no-print-directory -s all LUAS='5.4 jit'
	@$(MAKE) --no-print-directory -s build $(ASAN)/lua LUA=5.4 BUILD=$(ASAN) WERROR=-Werror CFLAGS='-O1 -g -fno-omit-frame-pointer $(SANITIZE) $(SANITIZE_CFLAGS)'

$(ASAN)/lua: tools/asan_host.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARNINGS) $(LUA_CFLAGS) $(CFLAGS) -rdynamic -o $@ $< $(shell $(PKG_CONFIG) --libs lua5.4)

test-m32: ## core.so for a processor of 32 bits, with the vectors; downloads Debian's packages for it
	@tools/setup m32
	@tools/m32 build/m32

COUNT ?= 20
SEED ?= 1
JOBS ?= 1

mutate: ## change COUNT lines, one at a time, and check that a spec fails for each; SEED selects the lines; needs root
	@tools/setup mutate
	@$(MAKE) --no-print-directory -s all LUAS='5.4 jit'
	@lua5.4 tools/mutate.lua $(SEED) $(COUNT) $(JOBS)

coverage: ## do what test-asan does, and print the lines of C and Lua that never run; fails if they are too many
	@tools/setup gates
	@lua5.4 tools/coverage.lua $(SPEC)

core-objects: $(CORE_O)

FLOWS ?= 2000
SEED ?= 1

chaos: ## create FLOWS=2000 tasks while processes are killed, connections damaged and replies lost, from SEED=1; count the tasks
	@tools/setup test
	@$(MAKE) --no-print-directory -s all LUAS='5.4 jit'
	@eval "$$($(MAKE) -s env LUA=5.4)"; LUA_PATH="$$PWD/?.lua;$$LUA_PATH" \
	lua5.4 bin/dataworks emulator -- lua5.4 spec/chaos/run.lua $(FLOWS) $(SEED)

TASKS ?= 2000
QPS ?= 200

chaos-fleet: ## apply TASKS=2000 tasks at QPS=200 calls a second while runners are killed, through PostgreSQL that restarts and SQLite
	@tools/setup test
	@$(MAKE) --no-print-directory -s all
	@eval "$$($(MAKE) -s env LUA=5.4)"; export LUA_PATH="$$PWD/?.lua;$$LUA_PATH"; set -e; \
	for ledger in postgres forgetful sqlite; do lua5.4 bin/dataworks emulator -- lua5.4 spec/chaos/fleet.lua $$ledger $(TASKS) $(SEED) $(QPS); done

hostile: ## install missing packages; make calls to servers that each misbehave in one way, in three hosts; takes a minute
	@tools/setup test
	@$(MAKE) --no-print-directory -s all LUAS='5.4 jit'
	@set -e; for lua in 5.4 jit; do eval "$$($(MAKE) -s env LUA=$$lua)"; \
	LUA_PATH="$$PWD/?.lua;$$LUA_PATH" spec/hostile/private_network $$([ $$lua = jit ] && echo luajit || echo lua$$lua) \
	spec/hostile/run.lua; done

STEP ?= 1
PAIRS ?= 500

torture: ## let each STEP-th allocation fail, and 500 random pairs from SEED=1, and check that all works afterwards; on the version LUA
	@tools/setup test
	@$(MAKE) --no-print-directory -s build $(BUILD)/torture
	@eval "$$($(MAKE) -s env)"; export LUA_PATH="$$PWD/?.lua;$$LUA_PATH"; \
	$(LUA_BIN) spec/torture/run.lua $(BUILD)/torture $(STEP) $(SEED) $(PAIRS) $(if $(filter 5.4,$(LUA)),c,lua) $(OPERATION)

$(BUILD)/torture: spec/torture/host.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARNINGS) $(WERROR) $(LUA_CFLAGS) -O1 -g -rdynamic -o $@ $< $(shell $(PKG_CONFIG) --libs $(LUA_BIN)) -ldl

FUZZ = build/fuzz
FUZZ_COVERAGE = build/fuzz-coverage
SECONDS ?= 60
TARGETS ?=

fuzz: fuzz-build ## fuzz each function that takes bytes from outside for SECONDS=60, or only TARGETS; needs clang
	@tools/fuzz $(SECONDS) $(TARGETS)

fuzz-check: fuzz-build ## plant a bug in each function that make fuzz tests, and check that the fuzzer finds it in 10 seconds
	@tools/fuzz_check $(TARGETS)
	@$(MAKE) --no-print-directory -s fuzz-coverage

fuzz-coverage: ## run the inputs in spec/fuzz, and check that they reach 90 % of the lines of the functions that make fuzz tests
	@tools/setup fuzz
	@$(MAKE) --no-print-directory -s $(FUZZ_COVERAGE)/dataworks/core.so $(FUZZ_COVERAGE)/fuzz_native.so LUA=5.4 BUILD=$(FUZZ_COVERAGE) CFLAGS='-O0 -g --coverage'
	@LUA_PATH="$$PWD/lua/?.lua;$$PWD/?.lua;;" LUA_CPATH="$$PWD/$(FUZZ_COVERAGE)/?.so;;" lua5.4 tools/fuzz_coverage.lua $(FUZZ_COVERAGE) $(TARGETS)

fuzz-build:
	@tools/setup fuzz
	@$(MAKE) --no-print-directory -s build LUA=5.4
	@$(MAKE) --no-print-directory -s fuzz-host

fuzz-host:
	@$(MAKE) --no-print-directory -s $(FUZZ)/host LUA=5.4 BUILD=$(FUZZ) CC=clang WERROR=-Werror \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'

$(BUILD)/fuzz_native.so: spec/fuzz/native.c $(BUILD)/obj/curl/reply.o $(BUILD)/obj/curl/headers.o $(BUILD)/obj/shared/buffer.o
	$(CC) -std=c11 -fPIC -shared $(WARNINGS) $(LUA_CFLAGS) $(CURL_CFLAGS) -Icsrc $(CFLAGS) -o $@ $^

$(FUZZ)/host: spec/fuzz/host.c spec/fuzz/native.c $(CORE_O) $(FUZZ)/obj/curl/reply.o $(FUZZ)/obj/curl/headers.o
	$(CC) -std=c11 $(WARNINGS) $(LUA_CFLAGS) $(CURL_CFLAGS) -Icsrc $(CFLAGS) -fsanitize=fuzzer -o $@ $^ \
	  $(shell $(PKG_CONFIG) --libs lua5.4 libcrypto)

test-oldest-curl: ## build libcurl 7.80, and curl.so against it, and run spec/curl; needs cargo
	@tools/setup libcurl
	@tools/libcurl oldest

test-newest-curl: ## build libcurl 8.22, and curl.so against it, and run the specs of transport, loops and failed memory; needs cargo
	@tools/setup libcurl
	@tools/libcurl newest

INTEROP = build/interop

interop: ## install missing packages and the official SDKs; run the SDKs against the emulator
	@tools/setup interop
	@$(MAKE) --no-print-directory -s build LUA=5.4
	@$(MAKE) --no-print-directory -s build-core LUA=jit
	@for sdk in python python-oldest node java go; do \
	  { $(MAKE) --no-print-directory -s $(INTEROP)/$$sdk/sdks || rm -f $(INTEROP)/$$sdk/sdks; } & done; wait
	@[ ! -e $(INTEROP)/java/sdks ] || $(MAKE) --no-print-directory -s $(INTEROP)/java/Client.class
	@[ ! -e $(INTEROP)/go/sdks ] || $(MAKE) --no-print-directory -s $(INTEROP)/go/client
	@eval "$$($(MAKE) -s env LUA=5.4)"; spec/interop/run $(INTEROP)

CASES ?= 10000

differential: ## compare CASES=10000 random results of each kind, made from SEED=1, with those of Python and of the official SDK
	@tools/setup interop
	@$(MAKE) --no-print-directory -s build LUA=5.4
	@$(MAKE) --no-print-directory -s $(INTEROP)/python/sdks
	@eval "$$($(MAKE) -s env LUA=5.4)"; \
	lua5.4 spec/differential/cases.lua $(SEED) $(CASES) | $(INTEROP)/venv/bin/python spec/differential/check.py $(SEED)

$(INTEROP)/python/sdks: VENV = venv
$(INTEROP)/python-oldest/sdks: VENV = venv-oldest
$(INTEROP)/python/sdks: spec/interop/requirements.txt
$(INTEROP)/python-oldest/sdks: spec/interop/requirements_oldest.txt
$(INTEROP)/python/sdks $(INTEROP)/python-oldest/sdks:
	mkdir -p $(@D)
	python3 -m venv $(INTEROP)/$(VENV)
	$(INTEROP)/$(VENV)/bin/pip install -q --no-compile --disable-pip-version-check -r $<
	touch $@

$(INTEROP)/node/sdks: spec/interop/package.json
	mkdir -p $(@D)
	cp $< $(INTEROP)
	cd $(INTEROP) && npm install --silent --no-audit --no-fund --no-package-lock
	touch $@

$(INTEROP)/java/sdks: spec/interop/java/pom.xml
	mkdir -p $(@D)
	mvn -q -B -l $(@D)/log -f $< dependency:copy-dependencies -DoutputDirectory='$(CURDIR)/$(@D)/lib' >/dev/null 2>&1 || { cat $(@D)/log; exit 1; }
	touch $@

$(INTEROP)/java/Client.class: spec/interop/java/Client.java $(INTEROP)/java/sdks
	javac -XDsuppressNotes -d $(@D) -cp '$(@D)/lib/*' $<

$(INTEROP)/go/sdks: spec/interop/go/go.mod spec/interop/go/go.sum
	mkdir -p $(@D)
	case "$$(go env GOVERSION)" in go1.[0-9] | go1.[0-9].* | go1.1* | go1.20*) echo 'Go is older than 1.21' >&2; exit 1 ;; esac
	cd spec/interop/go && go mod download
	touch $@

$(INTEROP)/go/client: spec/interop/go/client.go $(INTEROP)/go/sdks
	cd spec/interop/go && go build -o '$(CURDIR)/$@' .

# Lua 5.1 and LuaJIT share the folders of an installation, but not their bytecode.
BYTECODE ?= $(if $(filter 5.1,$(LUA_VERSION)),no,yes)
WITH_BYTECODE = $(filter yes,$(BYTECODE))
INSTALLED = [[$(LUADIR)]], [[$(LIBDIR)]]

# The installed command contains the paths of the modules, so it needs no LUA_PATH. STRIP=: keeps the debug symbols.
install: build ## install for the version LUA into the directory PREFIX; if DESTDIR is set, below DESTDIR
install-core: build-core ## install without curl.so, which nginx does not need
install-core: MODULES = $(CORE)
install install-core:
	@case '$(PREFIX)' in /*) ;; *) echo 'PREFIX must be an absolute path' >&2; exit 1 ;; esac
	cd lua && find . -name '*.lua' -exec install -D -m 644 '{}' '$(DESTDIR)$(LUADIR)/{}' ';'
	install -d '$(DESTDIR)$(LIBDIR)/dataworks' '$(DESTDIR)$(BINDIR)'
	rm -rf '$(DESTDIR)$(LIBDIR)/dataworks/bytecode'
	if [ -n '$(WITH_BYTECODE)' ]; then set -e; mv '$(DESTDIR)$(LUADIR)/dataworks.lua' '$(DESTDIR)$(LUADIR)/dataworks/init.lua'; \
	  printf '%s\n' '---@module "dataworks.init"' \
	    'local library = require("dataworks.bytecode").entry($(INSTALLED))' 'return library' >'$(DESTDIR)$(LUADIR)/dataworks.lua'; \
	  chmod 644 '$(DESTDIR)$(LUADIR)/dataworks.lua'; \
	  find lua -name '*.lua' ! -path 'lua/dataworks/emulator/*' ! -name annotations.lua | \
	    $(LUA_BIN) tools/bytecode.lua '$(LUADIR)' '$(DESTDIR)$(LIBDIR)/dataworks/bytecode'; fi
	install -m 755 $(MODULES) '$(DESTDIR)$(LIBDIR)/dataworks'
	cd '$(DESTDIR)$(LIBDIR)/dataworks' && $(STRIP) $(notdir $(MODULES))
	interpreter=$$(command -v '$(LUA_BIN)' || :); \
	case $$interpreter in *' '* | [!/]* | '') interpreter='/usr/bin/env $(LUA_BIN)' ;; esac; \
	{ echo "#!$$interpreter"; \
	  echo 'package.path = [[$(LUADIR)/?.lua;]] .. package.path'; \
	  echo 'package.cpath = [[$(LIBDIR)/?.so;]] .. package.cpath'; \
	  $(if $(WITH_BYTECODE),echo 'require("dataworks.bytecode").use($(INSTALLED))';) \
	  tail -n +3 bin/installed; } >'$(DESTDIR)$(BINDIR)/dataworks'
	chmod 755 '$(DESTDIR)$(BINDIR)/dataworks'
	install -d '$(DESTDIR)$(DOCDIR)/docs' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' \
	  '$(DESTDIR)$(PREFIX)/share/zsh/site-functions'
	install -m 644 LICENSE README.md CHANGELOG.md '$(DESTDIR)$(DOCDIR)'
	install -m 644 docs/*.md '$(DESTDIR)$(DOCDIR)/docs'
	if $(LUA_BIN) -e 'require "argparse"' 2>/dev/null; then set -e; \
	  command='$(LUA_BIN) bin/dataworks'; export LUA_CPATH='$(BUILD)/?.so;;'; \
	  $$command man >'$(DESTDIR)$(MANDIR)/man1/dataworks.1'; \
	  $$command completion bash >'$(DESTDIR)$(PREFIX)/share/bash-completion/completions/dataworks'; \
	  $$command completion zsh >'$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_dataworks'; \
	else echo 'argparse is missing, so that the command dataworks does not run: install lua-argparse'; fi

dist: ## make the source archive of a release, and its rockspec, in build/dist; DIST_URL is the folder that will serve them
	@tools/dist '$(DIST_URL)'

uninstall: ## remove the installed files, and the folders that are then empty, except those of /usr and /usr/local
	rm -rf '$(DESTDIR)$(LUADIR)/dataworks' '$(DESTDIR)$(LIBDIR)/dataworks'
	rm -f '$(DESTDIR)$(LUADIR)/dataworks.lua' '$(DESTDIR)$(BINDIR)/dataworks' '$(DESTDIR)$(MANDIR)/man1/dataworks.1' \
	  '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/dataworks' \
	  '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_dataworks'
	rm -rf '$(DESTDIR)$(DOCDIR)'
	@case '$(PREFIX)' in /usr | /usr/local) ;; *) cd '$(DESTDIR)$(PREFIX)' && \
	  for folder in '$(LUADIR)' '$(LIBDIR)' '$(BINDIR)' '$(MANDIR)/man1' "$$(dirname '$(DOCDIR)')" \
	    '$(PREFIX)/share/bash-completion/completions' '$(PREFIX)/share/zsh/site-functions'; do \
	    case $$folder in '$(PREFIX)'/*) rmdir -p --ignore-fail-on-non-empty "$${folder#'$(PREFIX)'/}" ;; esac; done; \
	  rmdir --ignore-fail-on-non-empty '$(DESTDIR)$(PREFIX)' ;; esac

clean: ## remove the directory build
	rm -rf build

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: build build-core core-objects all env demo test test-limit test-linear test-page nginx-builtin test-nginx bench bench-fleet bench-peers lint check-c \
  mutate coverage fuzz fuzz-check fuzz-coverage fuzz-build fuzz-host chaos chaos-fleet hostile torture differential test-valgrind test-asan test-gc test-oldest-curl test-newest-curl test-m32 asan-build interop install install-core dist uninstall clean help
