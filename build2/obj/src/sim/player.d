build2/obj/src/sim/player.o: src/sim/player.c src/sim/player.h \
 src/sim/psk.h src/util/cleanup.h src/sim/replay.h src/sim/quantity.h \
 src/sim/scenario.h src/sim/halves.h src/sim/pack.h src/sim/sender.h \
 src/sim/rng.h src/sim/signal.h src/sim/simlog.h src/sim/uplink.h \
 src/sim/radio.h
src/sim/player.h:
src/sim/psk.h:
src/util/cleanup.h:
src/sim/replay.h:
src/sim/quantity.h:
src/sim/scenario.h:
src/sim/halves.h:
src/sim/pack.h:
src/sim/sender.h:
src/sim/rng.h:
src/sim/signal.h:
src/sim/simlog.h:
src/sim/uplink.h:
src/sim/radio.h:
