# SPDX-License-Identifier: GPL-2.0-only
# make               build/weir, with the BPF objects inside
# sudo make run      the lab gateway under flood, without and with weir (DEV=eth0: a real NIC)
# sudo make test     everything that is tested
# make help          the rest

CC		?= gcc
CLANG		?= clang
BPFTOOL		?= bpftool
PKG_CONFIG	?= pkg-config
BUILD		?= build
PREFIX		?= /usr/local
VERSION		:= 0.1.0

LIBS		:= libbpf libxdp libmnl libnftables
CFLAGS		?= -O2 -g
ALL_CFLAGS	:= -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -DWEIR_VERSION='"$(VERSION)"' \
		   -Iheaders -Iuser -I. -I$(BUILD) $(CFLAGS)
ALL_LDLIBS	= $(shell $(PKG_CONFIG) --libs $(LIBS)) $(LDLIBS)
BPF_CFLAGS	:= -O2 -g -target bpf -mcpu=v3 -std=gnu11 -Wall -Wextra -Werror -Iheaders -I. \
		   -I/usr/include/$(shell uname -m)-linux-gnu

BPF		:= $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c))
SKELS		:= $(BPF:%=$(BUILD)/%.skel.h)
TEST_SKELS	:= $(patsubst %.bpf.c,$(BUILD)/%.skel.h,$(wildcard tests/bpf/*.bpf.c))
USER		:= $(filter-out user/main.c,$(wildcard user/*.c))
UNIT		:= $(patsubst tests/%.c,%,$(wildcard tests/*.c))
BENCH		:= $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))
BENCH_LAB	:= $(filter-out tests/bench/lib.sh,$(wildcard tests/bench/*.sh))

E2E		:= $(filter-out tests/e2e/lib.sh,$(wildcard tests/e2e/*.sh))
# the other compilers that everything is built and run with: clang for user space, and for BPF the
# newest clang that is installed
NEWEST		:= build/newest
NEWEST_CLANG	= $(lastword $(CLANG) $(shell ls /usr/bin/clang-[0-9]* 2>/dev/null | sort -V))
MAKE_NEWEST	= $(MAKE) --no-print-directory -s -j$$(nproc) BUILD=$(NEWEST) CC=clang \
		  CLANG=$(NEWEST_CLANG) tests

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all vmtest differential soak lab run tests quick check test e2e bench cost fuzz docs install uninstall clean help
all: $(BUILD)/weir

$(BUILD)/%.bpf.o: bpf/%.bpf.c Makefile
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $(subst .,_,$*) > $@

# BPF programs that only tests load
$(BUILD)/tests/bpf/%.bpf.o: tests/bpf/%.bpf.c Makefile
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(BUILD)/tests/bpf/%.skel.h: $(BUILD)/tests/bpf/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $(subst .,_,$*) > $@

$(BUILD)/user/%.o: user/%.c Makefile | $(SKELS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libweir.a: $(USER:%.c=$(BUILD)/%.o)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/weir: $(BUILD)/user/main.o $(BUILD)/libweir.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(ALL_LDLIBS) -o $@

# a unit test is one file: tests/NAME.c, linked with everything but main()
$(BUILD)/tests/%: tests/%.c tests/test.h $(BUILD)/libweir.a Makefile | $(SKELS) $(TEST_SKELS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d -Itests $< $(BUILD)/libweir.a $(LDFLAGS) $(ALL_LDLIBS) -o $@

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libweir.a Makefile | $(SKELS) $(TEST_SKELS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d -Itests $< $(BUILD)/libweir.a $(LDFLAGS) $(ALL_LDLIBS) -o $@

# the tools of the lab: tests/lab/NAME.c, some with a BPF half NAME.bpf.c
LAB		:= $(patsubst tests/lab/%.c,$(BUILD)/lab/%,$(filter-out %.bpf.c,$(wildcard tests/lab/*.c)))
LAB_SKELS	:= $(patsubst tests/lab/%.bpf.c,$(BUILD)/lab/%.skel.h,$(wildcard tests/lab/*.bpf.c))

$(BUILD)/lab/%.bpf.o: tests/lab/%.bpf.c Makefile
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(BUILD)/lab/%.skel.h: $(BUILD)/lab/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(BUILD)/lab/%: tests/lab/%.c Makefile | $(LAB_SKELS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -I$(BUILD)/lab -MMD -MP -MF $@.d $< $(LDFLAGS) -lxdp -lbpf -lpthread -o $@

lab: $(LAB) $(LAB_SKELS)

# needs root; works in network namespaces of its own, and removes them
run:
	@packaging/install-deps run
	@$(MAKE) --no-print-directory -s -j$$(nproc) all lab
	@WEIR=$(BUILD)/weir LAB_TOOLS=$(BUILD)/lab tests/lab/run.sh

tests: all $(UNIT:%=$(BUILD)/tests/%)

# fuzzers: tests/fuzz/NAME.c, linked with the pure rooms under the sanitizers; seeds in
# tests/fuzz/seeds/NAME, what they find grows in build/fuzz/corpus/NAME
FUZZ		:= $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_SECONDS	?= 10
FUZZ_CFLAGS	:= -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_OBJECT	:= $(subst fuzzer,fuzzer-no-link,$(FUZZ_CFLAGS))
PURE		:= $(wildcard user/fail.c user/value.c user/out.c user/escape.c user/lexer.c \
		   user/reader*.c user/entries.c user/list.c user/policy*.c user/reserve.c user/table.c \
		   user/compile*.c user/import*.c user/range.c user/snat.c)

$(BUILD)/fuzz/user/%.o: user/%.c Makefile
	@mkdir -p $(@D)
	$(CLANG) $(ALL_CFLAGS) $(FUZZ_OBJECT) -MMD -MP -c $< -o $@

$(BUILD)/fuzz/libpure.a: $(PURE:%.c=$(BUILD)/fuzz/%.o)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/fuzz/libpure.a Makefile
	@mkdir -p $(@D)
	$(CLANG) $(ALL_CFLAGS) $(FUZZ_CFLAGS) -MMD -MP -MF $@.d $< $(BUILD)/fuzz/libpure.a -o $@

# each for FUZZ_SECONDS; an input that breaks a promise is kept in build/fuzz/
fuzz: $(FUZZ:%=fuzz-%)
fuzz-%: $(BUILD)/fuzz/%
	@mkdir -p $(BUILD)/fuzz/corpus/$*
	$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/$*- $(BUILD)/fuzz/corpus/$* \
		$(wildcard tests/fuzz/seeds/$*) >$(BUILD)/fuzz/$*.log 2>&1 || \
		{ tail -n 60 $(BUILD)/fuzz/$*.log; exit 1; }
	@sed -n 's/^stat::number_of_executed_units: */fuzz $*: inputs tried: /p' $(BUILD)/fuzz/$*.log

# weir against the kernel's conntrack, frame by frame
DIFFERENTIAL	:= $(wildcard tests/differential/*.c tests/differential/*.h)
$(BUILD)/differential: $(DIFFERENTIAL) $(BUILD)/libweir.a $(BUILD)/xdp.skel.h Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(filter %.c,$(DIFFERENTIAL)) $(BUILD)/libweir.a $(LDFLAGS) $(ALL_LDLIBS) -o $@

PACKETS		?= 40000
differential: $(BUILD)/differential
	@for loose in 0 1; do for liberal in 0 1; do \
		$< -n $(PACKETS) -l $$loose -b $$liberal || exit 1; \
	done; done

# a million frames
soak:
	$(MAKE) differential PACKETS=250000

# what a developer runs after each step: the unit tests
quick: tests
	@tests/run $(UNIT:%=$(BUILD)/tests/%)

# needs root; what the README promises, on packets: one script a promise
e2e: all lab $(BUILD)/differential
	@tests/run $(E2E)

# what can be said without running anything
check: all
	@tests/run tests/walls tests/docs

# installs what is missing, builds with both pairs of compilers, runs everything
test:
	@packaging/install-deps test
	@$(MAKE) --no-print-directory -s -j$$(nproc) tests lab $(BUILD)/differential \
		$(FUZZ:%=$(BUILD)/fuzz/%) $(BENCH:%=$(BUILD)/bench/%)
	@$(MAKE_NEWEST)
	@tests/run tests/walls tests/docs $(UNIT:%=$(BUILD)/tests/%) $(UNIT:%=$(NEWEST)/tests/%) \
		tests/fuzz/run tests/vm/run $(E2E)

# the tests that load BPF programs, under the kernels of Debian 12, emulated
vmtest: tests
	@$(MAKE_NEWEST)
	@tests/run tests/vm/run

# what things cost: each program prints its floor and its peers beside it
bench: $(BENCH:%=$(BUILD)/bench/%) all lab $(BUILD)/lab/floor.bpf.o
	@set -e; for bench in $(BENCH:%=$(BUILD)/bench/%) $(BENCH_LAB); do $$bench; done

# one of those in the lab: tests/bench/NAME.sh
bench-%: all lab $(BUILD)/lab/floor.bpf.o
	@tests/bench/$*.sh

# instructions that the kernel's verifier walks through
cost: $(BUILD)/tests/cost
	@$(BUILD)/tests/cost | sed -n 's/^# //p'

# the manual, with its tables of commands and reasons
$(BUILD)/weir.8: man/weir.8 packaging/tables headers/reason.h $(BUILD)/weir
	packaging/tables $< $(BUILD)/weir >$@

# the table of reasons in the README, after a change of headers/reason.h
docs: $(BUILD)/weir $(BUILD)/weir.8
	packaging/tables README.md $(BUILD)/weir >$(BUILD)/README.md
	cat $(BUILD)/README.md >README.md

UNITS		:= $(notdir $(wildcard packaging/*.service))
EXAMPLES	:= $(notdir $(wildcard packaging/examples/*))
INSTALLED	:= sbin/weir share/man/man8/weir.8 share/bash-completion/completions/weir \
		   $(UNITS:%=lib/systemd/system/%) $(EXAMPLES:%=share/doc/weir/examples/%)
# what is written for /usr says where it is installed to
RELOCATE	= sed 's|/usr/sbin|$(PREFIX)/sbin|'

install: all $(BUILD)/weir.8
	install -D -m 0755 $(BUILD)/weir $(DESTDIR)$(PREFIX)/sbin/weir
	install -d $(DESTDIR)$(PREFIX)/share/man/man8
	$(RELOCATE) $(BUILD)/weir.8 >$(DESTDIR)$(PREFIX)/share/man/man8/weir.8
	install -D -m 0644 packaging/weir.bash-completion \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/weir
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	for unit in $(UNITS); do \
		$(RELOCATE) packaging/$$unit >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit || exit 1; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/doc/weir/examples
	for example in $(EXAMPLES); do \
		$(RELOCATE) packaging/examples/$$example \
			>$(DESTDIR)$(PREFIX)/share/doc/weir/examples/$$example || exit 1; \
	done

uninstall:
	rm -f $(INSTALLED:%=$(DESTDIR)$(PREFIX)/%)

clean:
	rm -rf $(BUILD)

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

-include $(wildcard $(BUILD)/*.d $(BUILD)/user/*.d $(BUILD)/tests/*.d \
		    $(BUILD)/tests/bpf/*.d $(BUILD)/bench/*.d $(BUILD)/fuzz/*.d $(BUILD)/fuzz/user/*.d $(BUILD)/lab/*.d)
