build2/obj/src/alarms/rules/limit.o: src/alarms/rules/limit.c \
 src/util/decimal.h include/wardgate/decimal.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/rule.h \
 include/wardgate/alarm.h include/wardgate/conditions.def
src/util/decimal.h:
include/wardgate/decimal.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/conditions.def:
