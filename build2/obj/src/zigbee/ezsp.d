build2/obj/src/zigbee/ezsp.o: src/zigbee/ezsp.c src/zigbee/ezsp.h \
 src/zigbee/ezsp_frame.h src/util/cursor.h src/zigbee/ezsp_layout.h
src/zigbee/ezsp.h:
src/zigbee/ezsp_frame.h:
src/util/cursor.h:
src/zigbee/ezsp_layout.h:
