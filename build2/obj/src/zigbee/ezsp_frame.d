build2/obj/src/zigbee/ezsp_frame.o: src/zigbee/ezsp_frame.c \
 src/zigbee/ezsp_frame.h src/util/cursor.h
src/zigbee/ezsp_frame.h:
src/util/cursor.h:
