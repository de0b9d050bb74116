build2/obj/src/alarms/ruleset.o: src/alarms/ruleset.c \
 src/alarms/ruleset.h src/util/cleanup.h include/wardgate/rule.h \
 include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def \
 src/alarms/ruleset_private.h src/alarms/settings.h src/util/hash.h \
 src/util/text.h src/alarms/rules/rules.def
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
src/util/hash.h:
src/util/text.h:
src/alarms/rules/rules.def:
