build2/obj/src/alarms/rules/score_table.o: src/alarms/rules/score_table.c \
 src/alarms/rules/score_table.h include/wardgate/alarm.h \
 include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def include/wardgate/label.h \
 include/wardgate/rule.h src/alarms/settings.h src/util/cleanup.h \
 src/util/decimal.h include/wardgate/reading.h include/wardgate/detail.h
src/alarms/rules/score_table.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
include/wardgate/label.h:
include/wardgate/rule.h:
src/alarms/settings.h:
src/util/cleanup.h:
src/util/decimal.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
