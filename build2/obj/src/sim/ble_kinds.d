build2/obj/src/sim/ble_kinds.o: src/sim/ble_kinds.c src/sim/ble_kinds.h \
 src/sim/ble_db.h src/sim/ble_octets.h src/sim/ble_log.h \
 src/util/cleanup.h include/wardgate/decimal.h src/sim/ble_kind.h
src/sim/ble_kinds.h:
src/sim/ble_db.h:
src/sim/ble_octets.h:
src/sim/ble_log.h:
src/util/cleanup.h:
include/wardgate/decimal.h:
src/sim/ble_kind.h:
