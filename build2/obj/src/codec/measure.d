build2/obj/src/codec/measure.o: src/codec/measure.c src/codec/measure.h \
 include/wardgate/decimal.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/codec/ieee11073.h src/util/cleanup.h src/util/decimal.h \
 src/util/hash.h
src/codec/measure.h:
include/wardgate/decimal.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/codec/ieee11073.h:
src/util/cleanup.h:
src/util/decimal.h:
src/util/hash.h:
