build2/obj/src/sim/ble_crypto.o: src/sim/ble_crypto.c \
 src/sim/ble_crypto.h src/sim/rng.h
src/sim/ble_crypto.h:
src/sim/rng.h:
