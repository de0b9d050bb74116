build2/obj/src/zigbee/zcl.o: src/zigbee/zcl.c src/zigbee/zcl.h \
 src/util/cursor.h include/wardgate/decimal.h
src/zigbee/zcl.h:
src/util/cursor.h:
include/wardgate/decimal.h:
