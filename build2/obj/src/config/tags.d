build2/obj/src/config/tags.o: src/config/tags.c src/config/check.h \
 src/alarms/ruleset.h src/util/cleanup.h include/wardgate/rule.h \
 include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def \
 src/config/config.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/device.h src/config/problems.h \
 src/config/read.h src/config/record.h src/config/schema.h \
 src/config/parse.h
src/config/check.h:
src/alarms/ruleset.h:
src/util/cleanup.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/device.h:
src/config/problems.h:
src/config/read.h:
src/config/record.h:
src/config/schema.h:
src/config/parse.h:
