build2/obj/src/zigbee/netstate.o: src/zigbee/netstate.c \
 src/zigbee/netstate.h src/util/hash.h src/util/text.h \
 include/wardgate/decimal.h src/zigbee/hex.h
src/zigbee/netstate.h:
src/util/hash.h:
src/util/text.h:
include/wardgate/decimal.h:
src/zigbee/hex.h:
