build2/obj/src/zigbee/installcode.o: src/zigbee/installcode.c \
 src/zigbee/installcode.h src/codec/crc16.h src/zigbee/hex.h \
 src/util/text.h include/wardgate/decimal.h
src/zigbee/installcode.h:
src/codec/crc16.h:
src/zigbee/hex.h:
src/util/text.h:
include/wardgate/decimal.h:
