build2/obj/src/zigbee/zcl_value.o: src/zigbee/zcl_value.c \
 src/util/cleanup.h src/util/decimal.h include/wardgate/decimal.h \
 src/util/text.h src/zigbee/zcl.h src/util/cursor.h
src/util/cleanup.h:
src/util/decimal.h:
include/wardgate/decimal.h:
src/util/text.h:
src/zigbee/zcl.h:
src/util/cursor.h:
