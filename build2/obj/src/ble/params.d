build2/obj/src/ble/params.o: src/ble/params.c src/ble/driver_private.h \
 src/ble/adapter_router.h src/ble/adapter.h src/ble/mgmt.h \
 src/ble/address.h src/ble/adverts/adverts.h src/codec/measure.h \
 include/wardgate/decimal.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/util/cursor.h include/wardgate/advert.h src/ble/adverts/adverts.def \
 src/ble/adverts/tags.h src/util/cleanup.h src/util/hash.h \
 src/ble/bonds.h src/ble/io.h src/ble/link.h src/ble/att.h \
 src/ble/att_server.h src/ble/gatt.h src/ble/profiles/session.h \
 src/ble/profiles/profiles.h src/ble/profiles/quirks.h \
 include/wardgate/profile.h include/wardgate/device.h \
 src/ble/profiles/profiles.def src/ble/slots.h src/ble/rpa.h \
 src/config/config.h src/gateway/gateway.h src/gateway/clock.h \
 src/gateway/registry.h include/wardgate/ledger.h \
 include/wardgate/driver.h include/wardgate/pairing.h src/util/log.h
src/ble/driver_private.h:
src/ble/adapter_router.h:
src/ble/adapter.h:
src/ble/mgmt.h:
src/ble/address.h:
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
src/ble/adverts/tags.h:
src/util/cleanup.h:
src/util/hash.h:
src/ble/bonds.h:
src/ble/io.h:
src/ble/link.h:
src/ble/att.h:
src/ble/att_server.h:
src/ble/gatt.h:
src/ble/profiles/session.h:
src/ble/profiles/profiles.h:
src/ble/profiles/quirks.h:
include/wardgate/profile.h:
include/wardgate/device.h:
src/ble/profiles/profiles.def:
src/ble/slots.h:
src/ble/rpa.h:
src/config/config.h:
src/gateway/gateway.h:
src/gateway/clock.h:
src/gateway/registry.h:
include/wardgate/ledger.h:
include/wardgate/driver.h:
include/wardgate/pairing.h:
src/util/log.h:
