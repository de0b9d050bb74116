build2/obj/src/main.o: src/main.c src/annunciator/annunciator.h \
 src/util/cleanup.h include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def \
 src/config/config.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/device.h src/config/print.h \
 src/config/read.h src/config/problems.h src/daemon.h src/outbox/schema.h \
 src/outbox/verify.h src/util/log.h
src/annunciator/annunciator.h:
src/util/cleanup.h:
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
src/config/print.h:
src/config/read.h:
src/config/problems.h:
src/daemon.h:
src/outbox/schema.h:
src/outbox/verify.h:
src/util/log.h:
