build2/obj/src/sim/ward.o: src/sim/ward.c src/sim/ward.h \
 src/sim/scenario.h src/sim/halves.h src/util/cleanup.h src/sim/pack.h \
 src/sim/quantity.h src/sim/sender.h src/sim/rng.h src/sim/ble.h \
 src/sim/player.h src/sim/psk.h src/sim/replay.h src/sim/signal.h \
 src/sim/simlog.h src/sim/uplink.h src/util/text.h \
 include/wardgate/decimal.h
src/sim/ward.h:
src/sim/scenario.h:
src/sim/halves.h:
src/util/cleanup.h:
src/sim/pack.h:
src/sim/quantity.h:
src/sim/sender.h:
src/sim/rng.h:
src/sim/ble.h:
src/sim/player.h:
src/sim/psk.h:
src/sim/replay.h:
src/sim/signal.h:
src/sim/simlog.h:
src/sim/uplink.h:
src/util/text.h:
include/wardgate/decimal.h:
