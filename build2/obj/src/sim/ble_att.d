build2/obj/src/sim/ble_att.o: src/sim/ble_att.c src/sim/ble_att.h \
 src/sim/ble_db.h src/sim/ble_octets.h src/util/cursor.h
src/sim/ble_att.h:
src/sim/ble_db.h:
src/sim/ble_octets.h:
src/util/cursor.h:
