build2/obj/src/ble/adapter_router.o: src/ble/adapter_router.c \
 src/ble/adapter_router.h src/ble/adapter.h src/ble/mgmt.h \
 src/ble/address.h
src/ble/adapter_router.h:
src/ble/adapter.h:
src/ble/mgmt.h:
src/ble/address.h:
