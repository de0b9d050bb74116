build2/obj/src/sim/ble_timer.o: src/sim/ble_timer.c src/sim/ble_timer.h
src/sim/ble_timer.h:
