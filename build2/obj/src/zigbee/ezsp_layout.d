build2/obj/src/zigbee/ezsp_layout.o: src/zigbee/ezsp_layout.c \
 src/zigbee/ezsp_layout.h src/util/cleanup.h src/util/cursor.h \
 src/zigbee/ezsp_fields.def
src/zigbee/ezsp_layout.h:
src/util/cleanup.h:
src/util/cursor.h:
src/zigbee/ezsp_fields.def:
