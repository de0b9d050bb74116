build2/obj/src/gateway/registry.o: src/gateway/registry.c \
 src/gateway/registry.h src/util/cleanup.h include/wardgate/device.h \
 include/wardgate/label.h src/config/config.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/gateway/dedup.h
src/gateway/registry.h:
src/util/cleanup.h:
include/wardgate/device.h:
include/wardgate/label.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/gateway/dedup.h:
