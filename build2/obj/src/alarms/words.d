build2/obj/src/alarms/words.o: src/alarms/words.c src/util/cleanup.h \
 include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def
src/util/cleanup.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
