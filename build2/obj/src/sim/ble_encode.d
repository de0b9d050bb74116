build2/obj/src/sim/ble_encode.o: src/sim/ble_encode.c \
 src/sim/ble_encode.h src/sim/ble_octets.h
src/sim/ble_encode.h:
src/sim/ble_octets.h:
