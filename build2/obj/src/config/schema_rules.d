build2/obj/src/config/schema_rules.o: src/config/schema_rules.c \
 src/config/schema_rules.h src/config/schema.h src/config/config.h \
 src/util/cleanup.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/config/parse.h \
 include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/conditions.def src/alarms/ruleset.h \
 src/alarms/settings.h src/config/reader.h src/config/problems.h
src/config/schema_rules.h:
src/config/schema.h:
src/config/config.h:
src/util/cleanup.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/device.h:
src/config/parse.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/conditions.def:
src/alarms/ruleset.h:
src/alarms/settings.h:
src/config/reader.h:
src/config/problems.h:
