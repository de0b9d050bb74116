build2/obj/src/alarms/settings.o: src/alarms/settings.c \
 src/alarms/settings.h include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def src/util/cleanup.h src/util/decimal.h
src/alarms/settings.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/util/cleanup.h:
src/util/decimal.h:
