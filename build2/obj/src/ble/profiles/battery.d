build2/obj/src/ble/profiles/battery.o: src/ble/profiles/battery.c \
 src/ble/profiles/profiles.h src/ble/profiles/quirks.h \
 src/codec/measure.h include/wardgate/decimal.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/util/cursor.h include/wardgate/profile.h \
 include/wardgate/device.h src/ble/profiles/profiles.def \
 src/util/cleanup.h
src/ble/profiles/profiles.h:
src/ble/profiles/quirks.h:
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
include/wardgate/profile.h:
include/wardgate/device.h:
src/ble/profiles/profiles.def:
src/util/cleanup.h:
