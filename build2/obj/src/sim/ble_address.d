build2/obj/src/sim/ble_address.o: src/sim/ble_address.c \
 src/sim/ble_address.h src/sim/ble_crypto.h
src/sim/ble_address.h:
src/sim/ble_crypto.h:
