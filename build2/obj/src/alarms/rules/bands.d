build2/obj/src/alarms/rules/bands.o: src/alarms/rules/bands.c \
 src/alarms/ruleset.h src/util/cleanup.h include/wardgate/rule.h \
 include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def \
 src/alarms/settings.h src/util/decimal.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h
src/alarms/ruleset.h:
src/util/cleanup.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/alarms/settings.h:
src/util/decimal.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
