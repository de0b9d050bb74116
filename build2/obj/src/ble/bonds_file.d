build2/obj/src/ble/bonds_file.o: src/ble/bonds_file.c src/ble/bonds.h \
 src/ble/mgmt.h src/ble/address.h src/util/cleanup.h src/util/file.h \
 src/util/text.h include/wardgate/decimal.h
src/ble/bonds.h:
src/ble/mgmt.h:
src/ble/address.h:
src/util/cleanup.h:
src/util/file.h:
src/util/text.h:
include/wardgate/decimal.h:
