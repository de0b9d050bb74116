build2/obj/src/zigbee/zdo.o: src/zigbee/zdo.c src/zigbee/zdo.h \
 src/util/cleanup.h src/util/cursor.h
src/zigbee/zdo.h:
src/util/cleanup.h:
src/util/cursor.h:
