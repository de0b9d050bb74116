build2/obj/src/util/metric.o: src/util/metric.c include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/util/cleanup.h
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/util/cleanup.h:
