build2/obj/src/annunciator/output.o: src/annunciator/output.c \
 src/annunciator/output.h src/config/output.h src/config/config.h \
 src/util/cleanup.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/config/parse.h \
 src/gateway/clock.h src/util/log.h
src/annunciator/output.h:
src/config/output.h:
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
src/gateway/clock.h:
src/util/log.h:
