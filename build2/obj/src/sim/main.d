build2/obj/src/sim/main.o: src/sim/main.c src/sim/ble.h \
 src/sim/ble_scenario.h src/sim/ble_address.h src/sim/ble_body.h \
 src/sim/rng.h src/sim/ble_db.h src/sim/ble_octets.h src/sim/halves.h \
 src/util/cleanup.h src/sim/quantity.h src/sim/ini.h src/sim/psk.h \
 src/sim/ward.h src/sim/scenario.h src/sim/pack.h src/sim/sender.h
src/sim/ble.h:
src/sim/ble_scenario.h:
src/sim/ble_address.h:
src/sim/ble_body.h:
src/sim/rng.h:
src/sim/ble_db.h:
src/sim/ble_octets.h:
src/sim/halves.h:
src/util/cleanup.h:
src/sim/quantity.h:
src/sim/ini.h:
src/sim/psk.h:
src/sim/ward.h:
src/sim/scenario.h:
src/sim/pack.h:
src/sim/sender.h:
