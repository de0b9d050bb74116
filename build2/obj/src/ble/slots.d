build2/obj/src/ble/slots.o: src/ble/slots.c src/ble/slots.h \
 src/ble/mgmt.h src/ble/address.h src/util/cleanup.h \
 src/ble/slots_private.h
src/ble/slots.h:
src/ble/mgmt.h:
src/ble/address.h:
src/util/cleanup.h:
src/ble/slots_private.h:
