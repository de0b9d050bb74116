build2/obj/src/gateway/gateway.o: src/gateway/gateway.c \
 src/gateway/gateway_private.h src/gateway/corrections.h \
 src/gateway/dedup.h src/gateway/epoch.h src/gateway/gateway.h \
 src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/gateway/registry.h src/util/cleanup.h include/wardgate/device.h \
 include/wardgate/ledger.h src/gateway/recall.h src/gateway/tap.h \
 src/config/config.h include/wardgate/advert.h include/wardgate/decoded.h \
 src/gateway/records.h src/util/log.h
src/gateway/gateway_private.h:
src/gateway/corrections.h:
src/gateway/dedup.h:
src/gateway/epoch.h:
src/gateway/gateway.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/gateway/registry.h:
src/util/cleanup.h:
include/wardgate/device.h:
include/wardgate/ledger.h:
src/gateway/recall.h:
src/gateway/tap.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
src/gateway/records.h:
src/util/log.h:
