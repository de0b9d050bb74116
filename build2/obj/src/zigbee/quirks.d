build2/obj/src/zigbee/quirks.o: src/zigbee/quirks.c src/zigbee/quirks.h \
 src/util/cleanup.h src/util/text.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/zigbee/quirks.def
src/zigbee/quirks.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/zigbee/quirks.def:
