build2/obj/src/alarms/rules/combination.o: src/alarms/rules/combination.c \
 src/alarms/describe.h src/util/text.h include/wardgate/decimal.h \
 include/wardgate/alarm.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def include/wardgate/rule.h \
 src/alarms/ruleset.h src/util/cleanup.h src/alarms/settings.h
src/alarms/describe.h:
src/util/text.h:
include/wardgate/decimal.h:
include/wardgate/alarm.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
include/wardgate/rule.h:
src/alarms/ruleset.h:
src/util/cleanup.h:
src/alarms/settings.h:
