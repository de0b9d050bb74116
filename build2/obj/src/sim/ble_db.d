build2/obj/src/sim/ble_db.o: src/sim/ble_db.c src/sim/ble_db.h \
 src/sim/ble_octets.h src/sim/ble_crypto.h
src/sim/ble_db.h:
src/sim/ble_octets.h:
src/sim/ble_crypto.h:
