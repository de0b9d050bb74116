build2/obj/src/zigbee/ash.o: src/zigbee/ash.c src/zigbee/ash.h \
 src/zigbee/ash_frame.h
src/zigbee/ash.h:
src/zigbee/ash_frame.h:
