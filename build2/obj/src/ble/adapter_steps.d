build2/obj/src/ble/adapter_steps.o: src/ble/adapter_steps.c \
 src/ble/adapter_private.h src/ble/adapter.h src/ble/mgmt.h \
 src/ble/address.h
src/ble/adapter_private.h:
src/ble/adapter.h:
src/ble/mgmt.h:
src/ble/address.h:
