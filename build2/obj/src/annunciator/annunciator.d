build2/obj/src/annunciator/annunciator.o: src/annunciator/annunciator.c \
 src/annunciator/annunciator.h src/util/cleanup.h \
 include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def \
 src/annunciator/annunciator_private.h src/annunciator/output.h \
 src/config/output.h src/config/config.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/device.h src/config/parse.h src/annunciator/signals.h \
 src/util/text.h
src/annunciator/annunciator.h:
src/util/cleanup.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/annunciator/annunciator_private.h:
src/annunciator/output.h:
src/config/output.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/device.h:
src/config/parse.h:
src/annunciator/signals.h:
src/util/text.h:
