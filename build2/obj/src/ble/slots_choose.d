build2/obj/src/ble/slots_choose.o: src/ble/slots_choose.c \
 src/ble/slots_private.h src/ble/slots.h src/ble/mgmt.h src/ble/address.h \
 src/util/cleanup.h
src/ble/slots_private.h:
src/ble/slots.h:
src/ble/mgmt.h:
src/ble/address.h:
src/util/cleanup.h:
