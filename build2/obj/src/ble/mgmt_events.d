build2/obj/src/ble/mgmt_events.o: src/ble/mgmt_events.c src/ble/mgmt.h \
 src/ble/address.h src/util/cursor.h
src/ble/mgmt.h:
src/ble/address.h:
src/util/cursor.h:
