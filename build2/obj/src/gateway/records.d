build2/obj/src/gateway/records.o: src/gateway/records.c \
 src/gateway/records.h src/gateway/gateway.h src/gateway/clock.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/gateway/registry.h src/util/cleanup.h \
 include/wardgate/device.h include/wardgate/ledger.h \
 src/gateway/corrections.h src/gateway/epoch.h src/util/text.h \
 src/util/log.h
src/gateway/records.h:
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
src/gateway/corrections.h:
src/gateway/epoch.h:
src/util/text.h:
src/util/log.h:
