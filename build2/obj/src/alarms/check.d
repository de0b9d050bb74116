build2/obj/src/alarms/check.o: src/alarms/check.c \
 src/alarms/ruleset_private.h src/alarms/ruleset.h src/util/cleanup.h \
 include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def src/alarms/settings.h src/util/decimal.h
src/alarms/ruleset_private.h:
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
