build2/obj/src/sim/ble_socket.o: src/sim/ble_socket.c \
 src/sim/ble_socket.h src/util/cleanup.h
src/sim/ble_socket.h:
src/util/cleanup.h:
