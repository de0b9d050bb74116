build2/obj/src/alarms/emit.o: src/alarms/emit.c src/alarms/describe.h \
 src/util/text.h include/wardgate/decimal.h include/wardgate/alarm.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def \
 include/wardgate/rule.h src/alarms/private.h src/alarms/alarms.h \
 src/alarms/ruleset.h src/util/cleanup.h src/alarms/ruleset_private.h \
 src/alarms/settings.h src/alarms/timers.h include/wardgate/label.h \
 include/wardgate/reading.h include/wardgate/detail.h src/util/decimal.h
src/alarms/describe.h:
src/util/text.h:
include/wardgate/decimal.h:
include/wardgate/alarm.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
include/wardgate/rule.h:
src/alarms/private.h:
src/alarms/alarms.h:
src/alarms/ruleset.h:
src/util/cleanup.h:
src/alarms/ruleset_private.h:
src/alarms/settings.h:
src/alarms/timers.h:
include/wardgate/label.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
src/util/decimal.h:
