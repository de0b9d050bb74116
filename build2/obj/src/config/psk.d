build2/obj/src/config/psk.o: src/config/psk.c src/config/psk.h \
 src/config/problems.h src/util/cleanup.h include/wardgate/device.h \
 include/wardgate/label.h src/config/parse.h src/config/config.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def
src/config/psk.h:
src/config/problems.h:
src/util/cleanup.h:
include/wardgate/device.h:
include/wardgate/label.h:
src/config/parse.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
