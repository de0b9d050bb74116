build2/obj/src/sim/ble_advert.o: src/sim/ble_advert.c \
 src/sim/ble_advert.h src/sim/ble_address.h src/sim/ble_octets.h \
 src/sim/ble_crypto.h
src/sim/ble_advert.h:
src/sim/ble_address.h:
src/sim/ble_octets.h:
src/sim/ble_crypto.h:
