build2/obj/src/zigbee/line.o: src/zigbee/line.c src/zigbee/line.h \
 src/zigbee/ash.h src/zigbee/ash_frame.h src/zigbee/serial.h \
 src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def
src/zigbee/line.h:
src/zigbee/ash.h:
src/zigbee/ash_frame.h:
src/zigbee/serial.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
