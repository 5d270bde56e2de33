# SPDX-License-Identifier: GPL-2.0-or-later
#
# stalemate: `make help` lists what a person may type.
#
# Variables:  CC, CFLAGS (yours come last), SAN=1 (ASan + UBSan, own build folder), WERROR=1,
#             FUZZ=1 (clang, for the fuzz targets, own build folder), FUZZ_SECONDS (each; 60),
#             WRAP="valgrind -q --error-exitcode=100" (unit tests run under it),
#             PREFIX (default /usr/local), DESTDIR.
# Every object depends on the headers it read (-MMD) and on the flags it was built with
# (build/flags): no change, no compile; changed flags, all compiled again.

ifdef SAN
B := build-san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifdef FUZZ
B := build-fuzz
override CC := clang
SANFLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
B := build
endif
FUZZ_SECONDS ?= 60

PREFIX ?= /usr/local
ifeq ($(origin CC),default)
CC := gcc
endif
VERSION := 0.1.0
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef \
	-Wno-missing-field-initializers
ifdef WERROR
WARN += -Werror
endif

LIBRARIES := libvirt libvirt-qemu libxml-2.0 jansson inih uuid libssh
# Lazily: on a fresh machine the libraries come only with `make demo` or `make check`.
LIB_CFLAGS = $(shell pkg-config --cflags $(LIBRARIES))
LIB_LIBS = $(shell pkg-config --libs $(LIBRARIES)) -lm -lpthread

BASE := -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. -Icontroller -O2 -g $(WARN) $(SANFLAGS)
FLAGS = $(CC) $(BASE) $(CFLAGS)

COMMON := $(wildcard common/*.c)
AGENT := $(filter-out agent/main.c,$(wildcard agent/*.c))
PURE := $(foreach folder,rundir history order passes check export report plan drbd,$(wildcard controller/$(folder)/*.c))
WORLD := $(foreach folder,host virt site run doctor,$(wildcard controller/$(folder)/*.c))
PROGRAM := $(wildcard controller/*.c)
UNIT_TESTS := $(wildcard tests/unit/test_*.c)
UNIT_HELPERS := $(filter-out $(UNIT_TESTS),$(wildcard tests/unit/*.c))
AGENT_TESTS := $(wildcard tests/agent/test_*.c)
SITE_TESTS := $(wildcard tests/site/test_*.c)
SITE_HELPERS := $(filter-out $(SITE_TESTS),$(wildcard tests/site/*.c))

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
UNIT_BINS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_TESTS))
AGENT_BINS := $(patsubst tests/agent/%.c,$(B)/tests/%,$(AGENT_TESTS))
SITE_BINS := $(patsubst tests/site/%.c,$(B)/tests/%,$(SITE_TESTS))
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
CORPUS_BINS := $(FUZZ_NAMES:%=$(B)/tests/fuzz_%)
FUZZ_BINS := $(FUZZ_NAMES:%=$(B)/fuzz_%)
BENCH := $(addprefix tests/bench/,bench.c bench_checker.c child.c)
PLATFORM_BINS := $(patsubst tests/platform/%.c,$(B)/tests/platform-%,$(wildcard tests/platform/*.c))

# Builds use all cores unless you said -j yourself. Of the tests, only check-unit's run beside each other.
J = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
WITH_PROGRAMS = STALEMATE="$(CURDIR)/$(B)/stalemate" AGENT="$(CURDIR)/$(B)/stalemate-agent" \
	GENERATE="$(CURDIR)/$(B)/tests/generate"
RUN_TESTS = $(WITH_PROGRAMS) tests/run-tests.sh

.PHONY: all
all: $(B)/stalemate $(B)/stalemate-agent	## build both programs

$(B)/stalemate: $(call obj,$(COMMON) $(PURE) $(WORLD) $(PROGRAM))
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

# The agent runs in a guest that has no libraries of ours: static (sanitizers cannot be).
$(B)/stalemate-agent: $(call obj,$(COMMON) $(AGENT) agent/main.c)
	$(CC) $(SANFLAGS) $(LDFLAGS) $(if $(SAN),,-static -s) -o $@ $^ -luring -lpthread

$(B)/obj/common/tag.o $(B)/obj/common/tag_avx2.o $(B)/obj/tests/bench/bench.o $(B)/obj/controller/passes/live_rules.o: private CFLAGS += -O3
$(call obj,$(PURE) $(WORLD) $(PROGRAM) $(UNIT_TESTS) $(SITE_TESTS) $(SITE_HELPERS) $(wildcard tests/fuzz/*.c)): private BASE += $(LIB_CFLAGS)

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) -MMD -MP -c -o $@ $<

# Unit tests link the pure part only: code that calls towards site/ or run/ does not link.
$(UNIT_BINS): $(B)/tests/%: $(B)/obj/tests/unit/%.o $(call obj,$(UNIT_HELPERS) $(COMMON) $(PURE))
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lxml2 -ljansson -linih -lm -lpthread

# It counts what the agent's code calls.
comma := ,
$(B)/tests/test_quiet: private LDFLAGS += $(addprefix -Wl$(comma)--wrap=,pread pwrite malloc calloc \
	posix_memalign pthread_mutex_lock nanosleep poll send write fsync)

$(AGENT_BINS): $(B)/tests/%: $(B)/obj/tests/agent/%.o $(call obj,$(COMMON) $(AGENT))
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -luring -lpthread

# Assumptions about the kernel, each a program of its own with the claim on top.
$(PLATFORM_BINS): $(B)/tests/platform-%: $(B)/obj/tests/platform/%.o
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^

# These may link what touches the world, and test the parts of it that a machine without guests has.
$(SITE_BINS): $(B)/tests/%: $(B)/obj/tests/site/%.o $(call obj,$(SITE_HELPERS) $(COMMON) $(PURE) $(WORLD))
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIB_LIBS)

# A fuzz target fed with its committed corpus, by any compiler; and by libFuzzer (FUZZ=1).
$(CORPUS_BINS): $(B)/tests/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(call obj,tests/fuzz/fuzz.c tests/fuzz/run_corpus.c $(COMMON) $(PURE))
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ -lxml2 -ljansson -linih -lm -lpthread

$(FUZZ_BINS): $(B)/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(call obj,tests/fuzz/fuzz.c $(COMMON) $(PURE))
	$(CC) -fsanitize=fuzzer,address,undefined $(LDFLAGS) -o $@ $^ -lxml2 -ljansson -linih -lm -lpthread

$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(subst ','"'"',$(FLAGS))' | cmp -s - $@ || echo '$(subst ','"'"',$(FLAGS))' > $@

.PHONY: FORCE
FORCE:

.PHONY: demo
demo:	## the main job: two guests, six cache modes, the verdict table
	tools/packages.sh build run
	$(MAKE) $(J) all
	$(B)/stalemate demo

.PHONY: check
check:	## install what the tests need and run them all, the lab included
	tools/packages.sh build run test
	$(MAKE) $(J) all test-programs
	$(MAKE) check-layers
	$(MAKE) check-headers
	$(MAKE) check-unit
	$(MAKE) check-house
	$(MAKE) check-platform
	$(MAKE) check-lab

.PHONY: test-programs
test-programs: $(UNIT_BINS) $(AGENT_BINS) $(CORPUS_BINS) $(PLATFORM_BINS) $(B)/tests/generate	## build the tests, run none

.PHONY: check-unit
check-unit: all $(UNIT_BINS) $(AGENT_BINS) $(SITE_BINS) $(CORPUS_BINS) $(B)/tests/generate	## unit tests, oracle and command line: no root, no guests
	$(WITH_PROGRAMS) TEST_JOBS=$$(nproc) tests/run-tests.sh $(UNIT_BINS) $(AGENT_BINS) $(SITE_BINS) $(CORPUS_BINS) tests/cli/*.sh

.PHONY: check-house
check-house: all	## the house itself: rebuilds, packages, test runner, install
	$(RUN_TESTS) tests/house/*.sh

.PHONY: check-platform
check-platform: $(PLATFORM_BINS)	## what we assume of the kernel (root)
	tests/run-tests.sh $(PLATFORM_BINS) tests/platform/*.sh

.PHONY: check-lab
check-lab: all	## the lab: real guests, real GFS2 (root, QEMU, libvirt)
	$(RUN_TESTS) $(filter-out tests/lab/full-%,$(wildcard tests/lab/*.sh))

.PHONY: check-lab-full
check-lab-full: all	## more of the lab: other buses, cold guests, OCFS2 and other ways to the agent in guests of a user's
	$(RUN_TESTS) tests/lab/full-*.sh

.PHONY: check-rig
check-rig:	## two hosts with sshd, libvirtd and DRBD, as machines on this one (root, 6 GB of space)
	tools/packages.sh build run rig
	$(MAKE) $(J) all
	$(WITH_PROGRAMS) TEST_TIMEOUT=1200 tests/rig/run-rig.sh tests/rig/test-*.sh

.PHONY: check-rig-full
check-rig-full:	## the same with all cache modes, the raw device, and what else takes its time
	tools/packages.sh build run rig
	$(MAKE) $(J) all
	$(WITH_PROGRAMS) TEST_TIMEOUT=2400 RIG=full tests/rig/run-rig.sh tests/rig/test-*.sh tests/rig/full-*.sh

.PHONY: check-layers
check-layers:	## arrows go one way (docs/design.md)
	tests/check-layers.sh

.PHONY: check-headers
check-headers:	## every header compiles alone
	@for h in $$(find agent common controller tests -name '*.h'); do \
		$(CC) $(BASE) $(LIB_CFLAGS) -fsyntax-only -x c $$h || { echo "header does not stand alone: $$h"; exit 1; }; \
	done

.PHONY: bench
bench:	## print the numbers we hold ourselves to; writes build/bench.json
	tools/packages.sh build bench
	$(MAKE) $(J) all $(B)/tests/bench $(B)/tests/bench-agent
	$(B)/tests/bench $(B)/bench.json
	$(B)/tests/bench-agent $(B)/stalemate-agent "$(CURDIR)/$(B)/bench-files" $(B)/bench.json

.PHONY: bench-lab
bench-lab:	## agent and stalemate against fio and a barrier test, in guests (root, QEMU, sshd; 10 minutes); writes build/bench-lab.json
	tools/packages.sh build run bench
	$(MAKE) $(J) all $(B)/tests/bench-agent $(B)/tests/barrier
	$(WITH_PROGRAMS) BENCH_AGENT="$(CURDIR)/$(B)/tests/bench-agent" BARRIER="$(CURDIR)/$(B)/tests/barrier" \
		tests/bench/lab.sh $(B)/bench-lab.json || [ $$? = 77 ]

.PHONY: bench-scale
bench-scale: $(B)/tests/bench	## the judge at 1, 10 and 100 million operations (8 GB of space); writes build/bench-scale.json
	$(B)/tests/bench --scale $(B)/bench-scale.json

$(B)/tests/bench: $(call obj,$(BENCH) tests/bench/generate.c $(COMMON) $(PURE))
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ -ljansson -linih -lxml2 -lm -lpthread

$(B)/tests/bench-agent: $(call obj,tests/bench/bench_agent.c tests/bench/tmpfs_loop.c $(COMMON) $(PURE) $(WORLD))
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

# It runs in guests, as the agent does: static.
$(B)/tests/barrier: $(call obj,tests/bench/barrier.c $(COMMON))
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) $(if $(SAN),,-static) -o $@ $^

# Histories of any size, for trying the judge by hand.
$(B)/tests/generate: $(call obj,tests/bench/generate_main.c tests/bench/generate.c $(COMMON) controller/rundir/history_file.c)
	@mkdir -p $(@D)
	$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ -lm

.PHONY: mutants
mutants:	## wrong lines in the judge: do the tests notice?
	tools/packages.sh build test
	tests/mutants.sh

.PHONY: fuzz fuzz-programs
fuzz:	## fuzz what reads files, FUZZ_SECONDS each (60), over a copy of the corpora; findings: build-fuzz/
	tools/packages.sh build ci
	$(MAKE) $(J) fuzz-programs FUZZ=1
	tests/fuzz/fuzz.sh build-fuzz $(FUZZ_SECONDS)

fuzz-programs: $(FUZZ_BINS)

.PHONY: lint
lint:	## clang-format, clang-tidy, cppcheck, shellcheck
	tools/packages.sh build test ci
	tests/lint.sh $(BASE) $(LIB_CFLAGS)

.PHONY: ci
ci:	## what CI runs, each job a target of its own
	tools/packages.sh build run test ci rig
	$(MAKE) check WERROR=1
	$(MAKE) check-lab-full WERROR=1
	$(MAKE) ci-sanitizers
	$(MAKE) ci-valgrind
	$(MAKE) mutants
	$(MAKE) lint
	$(MAKE) ci-fuzz
	$(MAKE) check-rig WERROR=1
	tests/check-tree.sh

.PHONY: ci-sanitizers
ci-sanitizers:	## unit tests under ASan + UBSan
	$(MAKE) $(J) all test-programs SAN=1 WERROR=1
	ORACLE_HISTORIES=24000 $(MAKE) check-unit SAN=1 WERROR=1

.PHONY: ci-valgrind
ci-valgrind:	## unit tests under valgrind
	$(MAKE) $(J) all test-programs WERROR=1
	ORACLE_HISTORIES=4000 $(MAKE) check-unit WERROR=1 WRAP="valgrind -q --error-exitcode=100 --leak-check=full --suppressions=tests/valgrind.supp"

.PHONY: ci-fuzz
ci-fuzz:	## a minute for each fuzz target
	$(MAKE) fuzz FUZZ_SECONDS=60

.PHONY: install
install: all	## install both programs, image script, workloads and manual
	tools/install.sh "$(DESTDIR)$(PREFIX)" $(B)

.PHONY: uninstall
uninstall:	## remove what install put there
	tools/install.sh --uninstall "$(DESTDIR)$(PREFIX)"

.PHONY: clean
clean:	## remove what was built
	rm -rf build build-san build-fuzz

.PHONY: help
help:	## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 18

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
