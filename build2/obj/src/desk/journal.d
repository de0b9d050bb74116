build2/obj/src/desk/journal.o: src/desk/journal.c src/desk/journal.h \
 src/util/cleanup.h src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/gateway/ramfile.h src/util/hash.h
src/desk/journal.h:
src/util/cleanup.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/gateway/ramfile.h:
src/util/hash.h:
