# wardgate: one non-recursive makefile. `make help` lists what it does.

BUILD ?= build
CC ?= gcc
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

PKGS := libmosquitto libsystemd libcjson libcbor inih openssl
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)
SIM_CFLAGS := $(shell $(PKG_CONFIG) --cflags libcoap-3-openssl 2>/dev/null)
SIM_LIBS := $(shell $(PKG_CONFIG) --libs libcoap-3-openssl 2>/dev/null)

ALL_CFLAGS = $(BASE_CPPFLAGS) $(BASE_CFLAGS) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)

# Rooms. A new file in one of them needs no edit here.
ROOMS := util codec config gateway coap outbox publish publish/payloads
LIB_SRC := $(sort $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
SIM_SRC := $(sort $(wildcard src/sim/*.c))
SIM_OBJ := $(SIM_SRC:%.c=$(BUILD)/obj/%.o)
UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
REPLAY_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/replay/%)
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
BENCH_BIN := $(BENCH_SRC:tests/bench/%.c=$(BUILD)/bench/%)

.DEFAULT_GOAL := all
.PHONY: all
all: $(BUILD)/wardgated $(BUILD)/wardsim

$(BUILD)/obj/src/sim/%.o: ALL_CFLAGS += $(SIM_CFLAGS)
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libward.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcsD $@ $^

$(BUILD)/wardgated: $(BUILD)/obj/src/main.o $(BUILD)/libward.a
	$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/wardsim: $(SIM_OBJ) $(BUILD)/libward.a
	$(CC) $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(SIM_LIBS) -lm

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -MMD -MP $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libward.a $(PKG_LIBS) -lcmocka -lm

$(BUILD)/replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(BUILD)/libward.a $(PKG_LIBS)

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libward.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SIM_CFLAGS) -Itests $(BASE_LDFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libward.a $(PKG_LIBS) $(SIM_LIBS) -lm

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
