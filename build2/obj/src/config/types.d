build2/obj/src/config/types.o: src/config/types.c src/config/output.h \
 src/config/config.h src/util/cleanup.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/device.h src/config/parse.h src/config/problems.h \
 src/config/schema.h src/config/suggest.h
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
src/config/problems.h:
src/config/schema.h:
src/config/suggest.h:
