build2/obj/src/zigbee/zdo_self.o: src/zigbee/zdo_self.c \
 src/util/cleanup.h src/zigbee/zdo.h
src/util/cleanup.h:
src/zigbee/zdo.h:
