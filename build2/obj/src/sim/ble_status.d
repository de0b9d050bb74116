build2/obj/src/sim/ble_status.o: src/sim/ble_status.c \
 src/sim/ble_status.h src/sim/ble_device.h src/sim/ble_att.h \
 src/sim/ble_db.h src/sim/ble_octets.h src/sim/ble_kinds.h \
 src/sim/ble_log.h src/util/cleanup.h include/wardgate/decimal.h \
 src/sim/ble_stage.h src/sim/ble_adapter.h src/sim/ble_address.h \
 src/sim/ble_scenario.h src/sim/ble_body.h src/sim/rng.h src/sim/halves.h \
 src/sim/quantity.h src/sim/ble_timer.h src/sim/replay.h src/sim/signal.h \
 src/sim/ble_encode.h
src/sim/ble_status.h:
src/sim/ble_device.h:
src/sim/ble_att.h:
src/sim/ble_db.h:
src/sim/ble_octets.h:
src/sim/ble_kinds.h:
src/sim/ble_log.h:
src/util/cleanup.h:
include/wardgate/decimal.h:
src/sim/ble_stage.h:
src/sim/ble_adapter.h:
src/sim/ble_address.h:
src/sim/ble_scenario.h:
src/sim/ble_body.h:
src/sim/rng.h:
src/sim/halves.h:
src/sim/quantity.h:
src/sim/ble_timer.h:
src/sim/replay.h:
src/sim/signal.h:
src/sim/ble_encode.h:
