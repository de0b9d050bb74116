build2/obj/src/sim/ble_options.o: src/sim/ble_options.c src/sim/ble.h \
 src/sim/ini.h src/sim/ward.h src/sim/scenario.h src/sim/halves.h \
 src/util/cleanup.h src/sim/pack.h src/sim/quantity.h src/sim/sender.h \
 src/sim/rng.h
src/sim/ble.h:
src/sim/ini.h:
src/sim/ward.h:
src/sim/scenario.h:
src/sim/halves.h:
src/util/cleanup.h:
src/sim/pack.h:
src/sim/quantity.h:
src/sim/sender.h:
src/sim/rng.h:
