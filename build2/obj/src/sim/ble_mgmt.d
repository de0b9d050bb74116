build2/obj/src/sim/ble_mgmt.o: src/sim/ble_mgmt.c src/sim/ble_mgmt.h \
 src/sim/ble_socket.h src/sim/ble_stage.h src/sim/ble_adapter.h \
 src/sim/ble_address.h src/sim/ble_scenario.h src/sim/ble_body.h \
 src/sim/rng.h src/sim/ble_db.h src/sim/ble_octets.h src/sim/halves.h \
 src/util/cleanup.h src/sim/quantity.h src/sim/ble_timer.h \
 src/sim/ble_log.h include/wardgate/decimal.h src/sim/replay.h \
 src/sim/signal.h
src/sim/ble_mgmt.h:
src/sim/ble_socket.h:
src/sim/ble_stage.h:
src/sim/ble_adapter.h:
src/sim/ble_address.h:
src/sim/ble_scenario.h:
src/sim/ble_body.h:
src/sim/rng.h:
src/sim/ble_db.h:
src/sim/ble_octets.h:
src/sim/halves.h:
src/util/cleanup.h:
src/sim/quantity.h:
src/sim/ble_timer.h:
src/sim/ble_log.h:
include/wardgate/decimal.h:
src/sim/replay.h:
src/sim/signal.h:
