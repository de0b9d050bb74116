build2/obj/src/ble/bonds.o: src/ble/bonds.c src/ble/bonds.h \
 src/ble/mgmt.h src/ble/address.h src/util/cleanup.h src/util/hash.h \
 src/util/text.h include/wardgate/decimal.h
src/ble/bonds.h:
src/ble/mgmt.h:
src/ble/address.h:
src/util/cleanup.h:
src/util/hash.h:
src/util/text.h:
include/wardgate/decimal.h:
