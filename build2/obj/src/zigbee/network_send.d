build2/obj/src/zigbee/network_send.o: src/zigbee/network_send.c \
 src/zigbee/network_private.h src/zigbee/network.h src/zigbee/ezsp.h \
 src/zigbee/ezsp_frame.h src/util/cursor.h src/zigbee/ezsp_layout.h \
 src/zigbee/message.h src/zigbee/netstate.h
src/zigbee/network_private.h:
src/zigbee/network.h:
src/zigbee/ezsp.h:
src/zigbee/ezsp_frame.h:
src/util/cursor.h:
src/zigbee/ezsp_layout.h:
src/zigbee/message.h:
src/zigbee/netstate.h:
