build2/obj/src/alarms/rules/event.o: src/alarms/rules/event.c \
 src/alarms/settings.h include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def src/util/cleanup.h \
 include/wardgate/reading.h include/wardgate/detail.h \
 include/wardgate/label.h
src/alarms/settings.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/util/cleanup.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
