build2/obj/src/sim/ble_body.o: src/sim/ble_body.c src/sim/ble_body.h \
 src/sim/rng.h
src/sim/ble_body.h:
src/sim/rng.h:
