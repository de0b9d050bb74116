build2/obj/src/codec/senml.o: src/codec/senml.c src/codec/senml.h \
 src/util/cleanup.h include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/codec/senml_build.h src/util/decimal.h src/util/text.h
src/codec/senml.h:
src/util/cleanup.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/codec/senml_build.h:
src/util/decimal.h:
src/util/text.h:
