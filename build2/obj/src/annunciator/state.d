build2/obj/src/annunciator/state.o: src/annunciator/state.c \
 src/annunciator/annunciator.h src/util/cleanup.h \
 include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def
src/annunciator/annunciator.h:
src/util/cleanup.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
