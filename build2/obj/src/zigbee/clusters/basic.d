build2/obj/src/zigbee/clusters/basic.o: src/zigbee/clusters/basic.c \
 src/util/cleanup.h src/zigbee/clusters/clusters.h src/codec/measure.h \
 include/wardgate/decimal.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/cluster.h include/wardgate/device.h src/zigbee/quirks.h \
 src/zigbee/zcl.h src/util/cursor.h src/zigbee/clusters/clusters.def
src/util/cleanup.h:
src/zigbee/clusters/clusters.h:
src/codec/measure.h:
include/wardgate/decimal.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/cluster.h:
include/wardgate/device.h:
src/zigbee/quirks.h:
src/zigbee/zcl.h:
src/util/cursor.h:
src/zigbee/clusters/clusters.def:
