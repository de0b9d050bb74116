build2/obj/src/zigbee/netbackup.o: src/zigbee/netbackup.c \
 src/zigbee/netbackup.h src/zigbee/netstate.h src/util/cleanup.h \
 src/util/text.h include/wardgate/decimal.h src/zigbee/hex.h \
 src/zigbee/message.h
src/zigbee/netbackup.h:
src/zigbee/netstate.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
src/zigbee/hex.h:
src/zigbee/message.h:
