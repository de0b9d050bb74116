build2/obj/src/ble/rpa.o: src/ble/rpa.c src/ble/rpa.h src/ble/address.h \
 src/util/cleanup.h src/util/hash.h
src/ble/rpa.h:
src/ble/address.h:
src/util/cleanup.h:
src/util/hash.h:
