# wardgate: one non-recursive makefile. `make help` lists what it does.

BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3
VERSION := 0.1.0
# sanitizers, coverage: make BUILD=build/asan SAN=address,undefined
SAN ?=
OPT ?= -O2

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wwrite-strings -Wundef -Wformat=2 -Wvla -Wswitch-enum -Wno-unused-parameter
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
ifneq ($(SAN),)
HARDEN := -fPIE -fno-omit-frame-pointer -fsanitize=$(SAN)
ifneq ($(findstring undefined,$(SAN)),)
HARDEN += -fno-sanitize-recover=undefined
endif
LDSAN := -fsanitize=$(SAN)
endif
BASE_CPPFLAGS := -D_GNU_SOURCE -DWG_VERSION='"$(VERSION)"' -Iinclude -Isrc
BASE_CFLAGS := -std=gnu11 -g $(OPT) $(WARN) $(HARDEN) -pthread
BASE_LDFLAGS := -pie -Wl,-z,relro,-z,now -pthread $(LDSAN)

PKGS := libmosquitto libsystemd libcjson libcbor inih openssl sqlite3
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -lm
SIM_CFLAGS := $(shell $(PKG_CONFIG) --cflags libcoap-3-openssl 2>/dev/null)
SIM_LIBS := $(shell $(PKG_CONFIG) --libs libcoap-3-openssl 2>/dev/null)

ALL_CFLAGS = $(BASE_CPPFLAGS) $(BASE_CFLAGS) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)

# One short line per command; V=1 shows the whole.
ifeq ($(V),)
say = @printf '  %-3s %s\n' $(1) $@;
endif

# Rooms. A new file in one of them needs no edit here.
ROOMS := util codec ble ble/profiles ble/adverts alarms alarms/rules audit config gateway coap outbox publish publish/payloads annunciator desk control zigbee zigbee/clusters
LIB_SRC := $(sort $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
MAIN_SRC := $(sort $(wildcard src/*.c))
MAIN_OBJ := $(MAIN_SRC:%.c=$(BUILD)/obj/%.o)
CTL_SRC := $(sort $(wildcard src/ctl/*.c))
CTL_OBJ := $(CTL_SRC:%.c=$(BUILD)/obj/%.o)
SIM_SRC := $(sort $(wildcard src/sim/*.c))
SIM_OBJ := $(SIM_SRC:%.c=$(BUILD)/obj/%.o)
UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
# What several unit tests share.
UNIT_LIB_SRC := $(filter-out $(UNIT_SRC),$(sort $(wildcard tests/unit/*/*.c)))
UNIT_LIB_OBJ := $(UNIT_LIB_SRC:%.c=$(BUILD)/obj/%.o)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
REPLAY_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/replay/%)
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
BENCH_BIN := $(BENCH_SRC:tests/bench/%.c=$(BUILD)/bench/%)

.DEFAULT_GOAL := all
.PHONY: all
all: $(BUILD)/wardgated $(BUILD)/wardgatectl $(BUILD)/wardsim

$(BUILD)/obj/src/sim/%.o: ALL_CFLAGS += $(SIM_CFLAGS)
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libward.a: $(LIB_OBJ)
	@rm -f $@
	$(call say,AR)$(AR) rcsD $@ $^

$(BUILD)/wardgated: $(MAIN_OBJ) $(BUILD)/libward.a
	$(call say,LD)$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# As needed: the archive's other rooms name libraries that the operator's tool has no use for.
$(BUILD)/wardgatectl: $(CTL_OBJ) $(BUILD)/libward.a
	$(call say,LD)$(CC) $(BASE_LDFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/wardsim: $(SIM_OBJ) $(BUILD)/libward.a
	$(call say,LD)$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(SIM_LIBS) -lm

$(BUILD)/obj/tests/%.o: ALL_CFLAGS += -Itests
# One archive for all rooms: a name that two of them have would pick its object by chance.
$(BUILD)/libunit.a: $(UNIT_LIB_OBJ)
	@rm -f $@
	@twice=$$(nm -g --defined-only $^ | awk 'NF == 3 { print $$3 }' | sort | uniq -d); \
		[ -z "$$twice" ] || { echo "tests/unit: two helpers have the name:" $$twice >&2; exit 1; }
	$(call say,AR)$(AR) rcsD $@ $^

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libunit.a $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libunit.a $(BUILD)/libward.a $(PKG_LIBS) -lcmocka -lm

# The operator's tool but for its main(), for its unit tests.
$(BUILD)/libwardctl.a: $(filter-out %/main.o,$(CTL_OBJ))
	@rm -f $@
	$(call say,AR)$(AR) rcsD $@ $^

$(BUILD)/unit/ctl/%: tests/unit/ctl/%.c $(BUILD)/libwardctl.a $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libwardctl.a $(BUILD)/libward.a $(PKG_LIBS) -lcmocka -lm

# The simulator's parts but for its main(), for its unit tests.
$(BUILD)/libwardsim.a: $(filter-out %/main.o,$(SIM_OBJ))
	@rm -f $@
	$(call say,AR)$(AR) rcsD $@ $^

$(BUILD)/unit/sim/%: tests/unit/sim/%.c $(BUILD)/libwardsim.a $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libwardsim.a $(BUILD)/libward.a $(PKG_LIBS) $(SIM_LIBS) -lcmocka -lm

# What the operator's tool reads; its archive goes before the other, which it uses.
$(BUILD)/replay/fuzz_backup $(BUILD)/fuzzer/fuzz_backup: FUZZ_LIBS = $(BUILD)/libwardctl.a
$(BUILD)/replay/fuzz_backup $(BUILD)/fuzzer/fuzz_backup: $(BUILD)/libwardctl.a

$(BUILD)/replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) -Itests $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(FUZZ_LIBS) $(BUILD)/libward.a $(PKG_LIBS)

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(SIM_CFLAGS) -Itests $(BASE_LDFLAGS) -Wl,--as-needed $(LDFLAGS) -o $@ $< $(BUILD)/libward.a $(PKG_LIBS) \
		$(SIM_LIBS) -lm

# What the alarm engine is held against its model with.
$(BUILD)/model/drive: tests/model/drive.c tests/model/drive_out.c tests/model/drive.h $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.a,$^) $(PKG_LIBS)

# ---- what people call; `make help` prints the lines that carry two hashes ----

# Debian packages for building, checking, fuzzing and the demo (`make deps` installs those missing).
DEPS := gcc libc6-dev make pkg-config clang libclang-rt-dev clang-format clang-tidy llvm \
	libmosquitto-dev libsystemd-dev libcjson-dev libcbor-dev libinih-dev libssl-dev libsqlite3-dev sqlite3 \
	libcoap3-dev libcoap3-bin libbluetooth-dev libcmocka-dev mosquitto mosquitto-clients openssl tzdata util-linux \
	iproute2 procps mandoc python3 python3-pytest python3-pytest-xdist python3-paho-mqtt \
	python3-jsonschema python3-cbor2 python3-yaml python3-jeepney python3-pyte dbus-daemon bash zsh fish
JOBS ?= $(shell nproc)
# A make of its own: only there do the flags of packages that `deps` has just installed show.
AGAIN = $(MAKE) --no-print-directory -j$(JOBS)
RUNS ?= 1000000
C_SRC := $(LIB_SRC) $(CTL_SRC) $(SIM_SRC) $(MAIN_SRC)
FORMAT_SRC = $(sort $(shell find include src tests demo -name '*.[ch]' 2>/dev/null))

.PHONY: help deps check check-long check-programs fuzz fuzzers coverage mutants demo bench replay analyze
.PHONY: analyze-gcc analyze-tidy docs format format-check clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

deps: ## install what is missing (Debian packages; sudo when not root)
	@tests/tools/install-deps $(DEPS)

check-programs: all $(UNIT_BIN) $(REPLAY_BIN) $(BENCH_BIN) $(BUILD)/model/drive

check: deps ## build and run the checks that every change must pass
	@$(AGAIN) check-programs
	@$(PYTHON) tests/tools/run-checks \
		$(BUILD)=unit,model,replay,docs,style,layers,tables,vectors,recordings,integration

check-long: deps ## the same under ASan+UBSan and TSan, and the slow integration tests
	@$(AGAIN) check-programs
	@$(AGAIN) BUILD=$(BUILD)/asan SAN=address,undefined OPT=-O1 check-programs
	@$(AGAIN) BUILD=$(BUILD)/tsan SAN=thread OPT=-O1 check-programs
	@$(PYTHON) tests/tools/run-checks $(BUILD)/asan=unit,model,replay,integration \
		$(BUILD)/tsan=unit,integration $(BUILD)=unit-long,model-long,slow

# libFuzzer needs clang, the library built with its instrumentation, and its own main().
FUZZER_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzzer/%)
$(BUILD)/fuzzer/%: tests/fuzz/%.c $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -Itests $(BASE_LDFLAGS) -fsanitize=fuzzer $(LDFLAGS) \
		-o $@ $< $(FUZZ_LIBS) $(BUILD)/libward.a $(PKG_LIBS)

fuzzers: $(FUZZER_BIN)

fuzz: deps ## libFuzzer on every decoder, RUNS=1000000 inputs each; TARGET=name for one
	@$(AGAIN) BUILD=$(BUILD)/fuzz CC=clang SAN=fuzzer-no-link,address,undefined OPT=-O1 fuzzers
	@tests/tools/run-fuzzers $(BUILD)/fuzz/fuzzer $(RUNS) $(TARGET)

coverage: deps ## lines of each decoder by its corpus, branches of the alarm engine by its tests
	@$(AGAIN) BUILD=$(BUILD)/coverage CC=clang OPT=-O1 \
		CFLAGS='-fprofile-instr-generate -fcoverage-mapping' LDFLAGS=-fprofile-instr-generate \
		check-replays
	@$(PYTHON) tests/tools/check-coverage $(BUILD)/coverage

.PHONY: check-replays
check-replays: $(REPLAY_BIN) $(filter $(BUILD)/unit/alarms/%,$(UNIT_BIN))

MUTANTS ?= 400
mutants: deps ## small mistakes in the alarm engine that its tests must notice; MUTANTS=0: all of them, ROOM=ble
	@$(AGAIN) BUILD=$(BUILD)/mutants OPT=-O1 CFLAGS=-g0 $(BUILD)/mutants/libward.a $(BUILD)/mutants/libunit.a
	@$(PYTHON) tests/tools/mutate-alarms $(BUILD)/mutants --sample $(MUTANTS) $(if $(SEED),--seed $(SEED)) \
		$(if $(ROOM),--room $(ROOM))

demo: deps ## a simulated ward, a gateway and a broker on this machine, for about a minute
	@$(AGAIN) all
	@demo/run

bench: deps ## ratios against the bare libraries, into docs/performance.md; PART=ledger for one part
	@$(AGAIN) all $(BENCH_BIN)
	@$(PYTHON) tests/bench/bench.py --build $(BUILD) $(if $(PART),--part $(PART))

replay: deps $(BUILD)/model/drive ## recordings in DATA= through the alarm engine, into docs/alarms.md
	@$(PYTHON) tests/replay/replay.py --drive $(BUILD)/model/drive --data "$(DATA)" \
		--write docs/alarms.md

analyze: deps ## gcc -fanalyzer and clang-tidy on all sources of the programs
	@$(AGAIN) -k BUILD=$(BUILD)/analyze OPT=-O0 HARDEN=-fPIE analyze-gcc
	@$(AGAIN) analyze-tidy
	@echo "analyze: $(words $(C_SRC)) files, nothing found"

# Without optimisation, which mixes up what the cleanup attribute frees. gcc 12 takes whatever is put
# into a list or a table for leaked: leaks are for ASan's check. Two files have a use after free that
# is none: a count of references, and a heap that does not grow where its element keeps its place.
ANALYZER = -fanalyzer -Wno-analyzer-malloc-leak
$(BUILD)/obj/src/outbox/receipt.o $(BUILD)/obj/src/coap/timers.o: \
	ANALYZER += -Wno-analyzer-use-after-free
analyze-gcc: CFLAGS += $(ANALYZER)
analyze-gcc: $(C_SRC:%.c=$(BUILD)/obj/%.o)

TIDY_FLAGS = $(filter-out -Werror,$(ALL_CFLAGS)) $(SIM_CFLAGS)
analyze-tidy:
	@mkdir -p $(BUILD)/analyze
	@printf '%s\n' $(C_SRC) | xargs -P $(JOBS) -I {} clang-tidy --quiet --warnings-as-errors='*' \
		{} -- $(TIDY_FLAGS) 2>$(BUILD)/analyze/tidy.log \
		|| { grep -v 'warnings generated' $(BUILD)/analyze/tidy.log; false; }

$(BUILD)/tools/%: tools/%.c $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_CFLAGS) -MMD -MP $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libward.a \
		$(PKG_LIBS)

docs: $(BUILD)/tools/gen-config-doc ## wardgate.conf(5) and conf/wardgate.conf from the schema's rows
	$< man >docs/man/wardgate.conf.5
	$< conf >conf/wardgate.conf

format: ## clang-format on all C files, in place
	@clang-format -i $(FORMAT_SRC)

format-check: ## whether clang-format would change anything
	@clang-format --dry-run -Werror $(FORMAT_SRC)

clean: ## remove what was built
	rm -rf $(BUILD)

# ---- installation: the usual variables, and DESTDIR= ----
prefix = /usr/local
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
sbindir = $(exec_prefix)/sbin
datarootdir = $(prefix)/share
datadir = $(datarootdir)
mandir = $(datarootdir)/man
docdir = $(datarootdir)/doc/wardgate
# The configuration is in /etc/wardgate wherever the programs are; the unit says so if it is not.
sysconfdir = /etc
unitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
# The bus looks in these two places only.
dbuspolicydir = $(if $(filter /usr,$(prefix)),$(datadir),$(sysconfdir))/dbus-1/system.d
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/$(if $(filter /usr,$(prefix)),vendor-completions,site-functions)
fishcompletiondir = $(datadir)/fish/vendor_completions.d
INSTALL = install
INSTALL_PROGRAM = $(INSTALL) -D -m 755
INSTALL_DATA = $(INSTALL) -D -m 644 -t

SIM_MAN := docs/man/wardsim.1
MAN := $(filter-out $(SIM_MAN),$(sort $(wildcard docs/man/*.[1-8])))
INTERFACE := $(sort $(wildcard docs/interface/*))
EXAMPLES := $(sort $(wildcard conf/examples/* systemd/annunciator/*))
FROM = $(1:%=$(DESTDIR)$(2)/%)
man_pages = $(foreach s,1 5 8,$(call FROM,$(notdir $(filter %.$(s),$(1))),$(mandir)/man$(s)))
UNIT_CONFIG = $(if $(filter-out /etc,$(sysconfdir)), --config $(sysconfdir)/wardgate/wardgate.conf)

.PHONY: install install-sim uninstall deb check-package check-guest interop

install: all ## into DESTDIR, prefix=/usr/local; what is in /etc/wardgate already stays
	$(INSTALL_PROGRAM) $(BUILD)/wardgated $(DESTDIR)$(sbindir)/wardgated
	if [ -e $(BUILD)/wardgatectl ]; then \
		$(INSTALL_PROGRAM) $(BUILD)/wardgatectl $(DESTDIR)$(bindir)/wardgatectl; fi
	$(INSTALL) -d $(DESTDIR)$(sysconfdir)/wardgate/conf.d
	[ -e $(DESTDIR)$(sysconfdir)/wardgate/wardgate.conf ] || \
		$(INSTALL_DATA) $(DESTDIR)$(sysconfdir)/wardgate conf/wardgate.conf
	$(INSTALL) -d $(DESTDIR)$(unitdir) $(DESTDIR)$(sysusersdir)
	sed -e 's|/etc/wardgate|$(sysconfdir)/wardgate|g' \
		-e 's|/usr/sbin/wardgated|$(sbindir)/wardgated$(UNIT_CONFIG)|' systemd/wardgated.service \
		>$(DESTDIR)$(unitdir)/wardgated.service
	chmod 644 $(DESTDIR)$(unitdir)/wardgated.service
	$(INSTALL) -m 644 systemd/wardgate.sysusers $(DESTDIR)$(sysusersdir)/wardgate.conf
	$(INSTALL_DATA) $(DESTDIR)$(dbuspolicydir) systemd/org.wardgate.Gateway1.conf
	for m in $(MAN); do $(INSTALL_DATA) $(DESTDIR)$(mandir)/man$${m##*.} $$m || exit; done
	$(INSTALL_DATA) $(DESTDIR)$(docdir)/interface $(INTERFACE)
	$(INSTALL_DATA) $(DESTDIR)$(docdir)/examples $(EXAMPLES)
	sed -i 's|/usr/sbin/wardgated|$(sbindir)/wardgated$(UNIT_CONFIG)|' \
		$(DESTDIR)$(docdir)/examples/wardgated-annunciator.conf
	if [ -d completion ]; then \
		$(INSTALL) -D -m 644 completion/wardgatectl.bash $(DESTDIR)$(bashcompletiondir)/wardgatectl; \
		$(INSTALL_DATA) $(DESTDIR)$(zshcompletiondir) completion/_wardgatectl; \
		$(INSTALL_DATA) $(DESTDIR)$(fishcompletiondir) completion/wardgatectl.fish; fi
	@[ -n "$(DESTDIR)" ] || echo "then: systemd-sysusers && systemctl daemon-reload &&" \
		"systemctl enable --now wardgated"

# Apart, because it invents readings: it has no place on a gateway that serves patients.
install-sim: all ## the simulated ward, likewise
	$(INSTALL_PROGRAM) $(BUILD)/wardsim $(DESTDIR)$(bindir)/wardsim
	$(INSTALL_DATA) $(DESTDIR)$(mandir)/man1 $(SIM_MAN)

uninstall: ## what the two have installed, but for the configuration
	rm -f $(call FROM,wardgated,$(sbindir)) $(call FROM,wardgatectl wardsim,$(bindir)) \
		$(call FROM,wardgated.service,$(unitdir)) $(call FROM,wardgate.conf,$(sysusersdir)) \
		$(call FROM,org.wardgate.Gateway1.conf,$(dbuspolicydir)) \
		$(call FROM,wardgatectl,$(bashcompletiondir)) \
		$(call FROM,_wardgatectl,$(zshcompletiondir)) \
		$(call FROM,wardgatectl.fish,$(fishcompletiondir)) $(call man_pages,$(MAN) $(SIM_MAN))
	rm -f $(call FROM,$(notdir $(INTERFACE)),$(docdir)/interface) \
		$(call FROM,$(notdir $(EXAMPLES)),$(docdir)/examples)
	rmdir --ignore-fail-on-non-empty $(DESTDIR)$(docdir)/interface $(DESTDIR)$(docdir)/examples \
		$(DESTDIR)$(docdir) || :

deb: ## Debian packages, into build/
	@packaging/build-deb $(BUILD)

check-package: all deb ## the packages: by lintian, and in a fresh system
	@tests/tools/install-deps $(PACKAGE_DEPS)
	@$(PYTHON) tests/tools/run-checks $(BUILD)=package
PACKAGE_DEPS := lintian mmdebstrap systemd-container util-linux python3-pytest python3-jeepney

interop: all ## another Zigbee host, from the npm registry, against wardsim zigbee; ONLY=words of a proof's title
	@command -v npm >/dev/null || tests/tools/install-deps nodejs npm || true
	@$(PYTHON) tests/interop/run --build $(BUILD) $(if $(ONLY),--only "$(ONLY)")

check-guest: all ## the annunciator with the kernel's GPIO and LEDs, in a virtual machine
	@tests/tools/install-deps $(GUEST_DEPS)
	@tests/guest/run $(BUILD) annunciator
GUEST_DEPS := mmdebstrap qemu-system-x86 e2fsprogs linux-headers-amd64

# Not in there: a whole system's directories, and a copy of this tree.
-include $(shell find $(BUILD) \( -path $(BUILD)/package -o -path $(BUILD)/deb \) -prune -o -name '*.d' -print 2>/dev/null)
