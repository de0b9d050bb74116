build2/obj/src/config/diff.o: src/config/diff.c src/config/diff.h \
 src/config/config.h src/util/cleanup.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/device.h src/config/problems.h src/config/check.h \
 src/alarms/ruleset.h include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/conditions.def src/config/read.h src/config/record.h \
 src/config/schema.h src/config/parse.h
src/config/diff.h:
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
src/config/problems.h:
src/config/check.h:
src/alarms/ruleset.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/conditions.def:
src/config/read.h:
src/config/record.h:
src/config/schema.h:
src/config/parse.h:
