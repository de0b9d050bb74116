build2/obj/src/ble/gatt_cache.o: src/ble/gatt_cache.c \
 src/ble/gatt_cache.h src/ble/gatt.h src/ble/att.h src/ble/att_server.h \
 src/ble/profiles/session.h src/ble/profiles/profiles.h \
 src/ble/profiles/quirks.h src/codec/measure.h include/wardgate/decimal.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/util/cursor.h include/wardgate/profile.h \
 include/wardgate/device.h src/ble/profiles/profiles.def src/util/hash.h \
 src/util/text.h
src/ble/gatt_cache.h:
src/ble/gatt.h:
src/ble/att.h:
src/ble/att_server.h:
src/ble/profiles/session.h:
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
src/util/hash.h:
src/util/text.h:
