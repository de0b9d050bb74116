build2/obj/src/publish/payloads/json.o: src/publish/payloads/json.c \
 src/util/decimal.h include/wardgate/decimal.h src/util/text.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/payload.h \
 include/wardgate/reading.h include/wardgate/detail.h \
 include/wardgate/label.h
src/util/decimal.h:
include/wardgate/decimal.h:
src/util/text.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/payload.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
