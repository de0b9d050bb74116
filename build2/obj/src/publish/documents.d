build2/obj/src/publish/documents.o: src/publish/documents.c \
 src/publish/documents.h src/util/cleanup.h src/util/text.h \
 include/wardgate/decimal.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/gateway/registry.h \
 include/wardgate/device.h src/publish/document_set.h src/publish/topic.h
src/publish/documents.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/gateway/registry.h:
include/wardgate/device.h:
src/publish/document_set.h:
src/publish/topic.h:
