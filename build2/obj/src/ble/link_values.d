build2/obj/src/ble/link_values.o: src/ble/link_values.c \
 src/ble/link_private.h src/ble/link.h src/ble/att.h src/ble/att_server.h \
 src/ble/gatt.h src/ble/profiles/session.h src/ble/profiles/profiles.h \
 src/ble/profiles/quirks.h src/codec/measure.h include/wardgate/decimal.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/util/cursor.h include/wardgate/profile.h \
 include/wardgate/device.h src/ble/profiles/profiles.def src/ble/slots.h \
 src/ble/mgmt.h src/ble/address.h src/util/cleanup.h \
 include/wardgate/ledger.h
src/ble/link_private.h:
src/ble/link.h:
src/ble/att.h:
src/ble/att_server.h:
src/ble/gatt.h:
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
src/ble/slots.h:
src/ble/mgmt.h:
src/ble/address.h:
src/util/cleanup.h:
include/wardgate/ledger.h:
