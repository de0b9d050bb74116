build2/obj/src/ble/adapter_bond.o: src/ble/adapter_bond.c \
 src/ble/adapter_private.h src/ble/adapter.h src/ble/mgmt.h \
 src/ble/address.h
src/ble/adapter_private.h:
src/ble/adapter.h:
src/ble/mgmt.h:
src/ble/address.h:
