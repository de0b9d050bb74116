build2/obj/src/publish/topic.o: src/publish/topic.c src/publish/topic.h \
 src/util/text.h include/wardgate/decimal.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def
src/publish/topic.h:
src/util/text.h:
include/wardgate/decimal.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
