build2/obj/src/zigbee/ash_frame.o: src/zigbee/ash_frame.c \
 src/zigbee/ash_frame.h
src/zigbee/ash_frame.h:
