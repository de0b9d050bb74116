build2/obj/src/daemon_ledger.o: src/daemon_ledger.c src/daemon_private.h \
 src/config/config.h src/util/cleanup.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/device.h src/gateway/epoch.h src/gateway/corrections.h \
 src/gateway/gateway.h src/gateway/clock.h src/gateway/registry.h \
 include/wardgate/ledger.h src/gateway/recall.h src/outbox/ledger_disk.h \
 src/outbox/outbox.h src/outbox/store.h src/outbox/row.h src/util/log.h \
 src/desk/desk.h src/alarms/alarms.h src/alarms/ruleset.h \
 include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/conditions.def src/publish/publish.h \
 src/publish/refusals.h src/publish/remote.h src/publish/command.h
src/daemon_private.h:
src/config/config.h:
src/util/cleanup.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
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
src/desk/desk.h:
src/alarms/alarms.h:
src/alarms/ruleset.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/conditions.def:
src/publish/publish.h:
src/publish/refusals.h:
src/publish/remote.h:
src/publish/command.h:
