build2/obj/src/zigbee/serial.o: src/zigbee/serial.c src/zigbee/serial.h \
 src/util/cleanup.h
src/zigbee/serial.h:
src/util/cleanup.h:
