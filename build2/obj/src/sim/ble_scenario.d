build2/obj/src/sim/ble_scenario.o: src/sim/ble_scenario.c \
 src/sim/ble_scenario.h src/sim/ble_address.h src/sim/ble_body.h \
 src/sim/rng.h src/sim/ble_db.h src/sim/ble_octets.h src/sim/halves.h \
 src/util/cleanup.h src/sim/quantity.h src/sim/ble_crypto.h \
 src/sim/ble_kinds.h src/sim/ble_log.h include/wardgate/decimal.h \
 src/sim/ini.h
src/sim/ble_scenario.h:
src/sim/ble_address.h:
src/sim/ble_body.h:
src/sim/rng.h:
src/sim/ble_db.h:
src/sim/ble_octets.h:
src/sim/halves.h:
src/util/cleanup.h:
src/sim/quantity.h:
src/sim/ble_crypto.h:
src/sim/ble_kinds.h:
src/sim/ble_log.h:
include/wardgate/decimal.h:
src/sim/ini.h:
