build2/obj/src/ble/profiles/glucose_type.o: \
 src/ble/profiles/glucose_type.c src/ble/profiles/glucose_type.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/util/cleanup.h
src/ble/profiles/glucose_type.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/util/cleanup.h:
