build2/obj/src/ble/adverts/eddystone.o: src/ble/adverts/eddystone.c \
 src/ble/adverts/adverts.h src/codec/measure.h include/wardgate/decimal.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/util/cursor.h include/wardgate/advert.h \
 src/ble/adverts/adverts.def src/util/decimal.h
src/ble/adverts/adverts.h:
src/codec/measure.h:
include/wardgate/decimal.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/util/cursor.h:
include/wardgate/advert.h:
src/ble/adverts/adverts.def:
src/util/decimal.h:
