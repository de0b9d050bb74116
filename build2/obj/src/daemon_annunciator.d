build2/obj/src/daemon_annunciator.o: src/daemon_annunciator.c \
 src/annunciator/annunciator.h src/util/cleanup.h \
 include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def \
 src/daemon_private.h src/config/config.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/device.h src/gateway/epoch.h src/gateway/corrections.h \
 src/gateway/gateway.h src/gateway/clock.h src/gateway/registry.h \
 include/wardgate/ledger.h src/gateway/recall.h src/outbox/ledger_disk.h \
 src/outbox/outbox.h src/outbox/store.h src/outbox/row.h src/util/log.h \
 src/publish/publish.h src/publish/refusals.h src/publish/remote.h \
 src/publish/command.h src/util/text.h
src/annunciator/annunciator.h:
src/util/cleanup.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/daemon_private.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/device.h:
src/gateway/epoch.h:
src/gateway/corrections.h:
src/gateway/gateway.h:
src/gateway/clock.h:
src/gateway/registry.h:
include/wardgate/ledger.h:
src/gateway/recall.h:
src/outbox/ledger_disk.h:
src/outbox/outbox.h:
src/outbox/store.h:
src/outbox/row.h:
src/util/log.h:
src/publish/publish.h:
src/publish/refusals.h:
src/publish/remote.h:
src/publish/command.h:
src/util/text.h:
