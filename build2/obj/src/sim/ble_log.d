build2/obj/src/sim/ble_log.o: src/sim/ble_log.c src/sim/ble_log.h \
 src/sim/ble_octets.h src/util/cleanup.h include/wardgate/decimal.h \
 src/util/text.h
src/sim/ble_log.h:
src/sim/ble_octets.h:
src/util/cleanup.h:
include/wardgate/decimal.h:
src/util/text.h:
