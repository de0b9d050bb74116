build2/obj/src/ble/mgmt.o: src/ble/mgmt.c src/ble/mgmt.h \
 src/ble/address.h src/util/cursor.h
src/ble/mgmt.h:
src/ble/address.h:
src/util/cursor.h:
