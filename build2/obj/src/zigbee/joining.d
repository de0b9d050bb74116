build2/obj/src/zigbee/joining.o: src/zigbee/joining.c \
 src/zigbee/driver_private.h src/config/config.h src/util/cleanup.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h \
 src/gateway/gateway.h src/gateway/clock.h src/gateway/registry.h \
 include/wardgate/ledger.h include/wardgate/driver.h \
 include/wardgate/joining.h src/zigbee/eui64.h src/zigbee/line.h \
 src/zigbee/ash.h src/zigbee/ash_frame.h src/zigbee/serial.h \
 src/zigbee/network.h src/zigbee/ezsp.h src/zigbee/ezsp_frame.h \
 src/util/cursor.h src/zigbee/ezsp_layout.h src/zigbee/message.h \
 src/zigbee/netstate.h src/zigbee/nodes.h include/wardgate/cluster.h \
 src/zigbee/interview.h src/zigbee/zdo.h src/util/log.h \
 src/zigbee/installcode.h src/zigbee/netbackup.h
src/zigbee/driver_private.h:
src/config/config.h:
src/util/cleanup.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/device.h:
src/gateway/gateway.h:
src/gateway/clock.h:
src/gateway/registry.h:
include/wardgate/ledger.h:
include/wardgate/driver.h:
include/wardgate/joining.h:
src/zigbee/eui64.h:
src/zigbee/line.h:
src/zigbee/ash.h:
src/zigbee/ash_frame.h:
src/zigbee/serial.h:
src/zigbee/network.h:
src/zigbee/ezsp.h:
src/zigbee/ezsp_frame.h:
src/util/cursor.h:
src/zigbee/ezsp_layout.h:
src/zigbee/message.h:
src/zigbee/netstate.h:
src/zigbee/nodes.h:
include/wardgate/cluster.h:
src/zigbee/interview.h:
src/zigbee/zdo.h:
src/util/log.h:
src/zigbee/installcode.h:
src/zigbee/netbackup.h:
