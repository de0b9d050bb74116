build2/obj/src/alarms/rules/stuck.o: src/alarms/rules/stuck.c \
 src/alarms/describe.h src/util/text.h include/wardgate/decimal.h \
 include/wardgate/alarm.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def include/wardgate/rule.h \
 src/util/cleanup.h src/util/decimal.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h
src/alarms/describe.h:
src/util/text.h:
include/wardgate/decimal.h:
include/wardgate/alarm.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
include/wardgate/rule.h:
src/util/cleanup.h:
src/util/decimal.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
