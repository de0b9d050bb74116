build2/obj/src/publish/link.o: src/publish/link.c src/publish/link.h \
 src/publish/tls.h src/util/cleanup.h src/gateway/clock.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/publish/attempt.h \
 src/publish/properties.h src/util/reasons.h
src/publish/link.h:
src/publish/tls.h:
src/util/cleanup.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/publish/attempt.h:
src/publish/properties.h:
src/util/reasons.h:
