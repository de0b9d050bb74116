build2/obj/src/alarms/life.o: src/alarms/life.c src/alarms/private.h \
 src/alarms/alarms.h src/alarms/ruleset.h src/util/cleanup.h \
 include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def src/alarms/ruleset_private.h \
 src/alarms/settings.h src/alarms/timers.h include/wardgate/label.h \
 include/wardgate/reading.h include/wardgate/detail.h src/util/decimal.h
src/alarms/private.h:
src/alarms/alarms.h:
src/alarms/ruleset.h:
src/util/cleanup.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/alarms/ruleset_private.h:
src/alarms/settings.h:
src/alarms/timers.h:
include/wardgate/label.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
src/util/decimal.h:
