build2/obj/src/publish/attempt.o: src/publish/attempt.c \
 src/publish/attempt.h src/publish/link.h src/publish/tls.h \
 src/util/cleanup.h src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/gateway/worker.h
src/publish/attempt.h:
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
src/gateway/worker.h:
