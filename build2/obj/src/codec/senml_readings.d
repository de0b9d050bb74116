build2/obj/src/codec/senml_readings.o: src/codec/senml_readings.c \
 src/codec/senml_readings.h src/codec/senml.h src/util/cleanup.h \
 include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/reading.h include/wardgate/detail.h \
 include/wardgate/label.h src/codec/senml_build.h src/codec/senml_units.h \
 src/util/decimal.h src/util/hash.h src/util/text.h
src/codec/senml_readings.h:
src/codec/senml.h:
src/util/cleanup.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
src/codec/senml_build.h:
src/codec/senml_units.h:
src/util/decimal.h:
src/util/hash.h:
src/util/text.h:
