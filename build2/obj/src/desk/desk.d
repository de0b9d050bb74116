build2/obj/src/desk/desk.o: src/desk/desk.c src/desk/desk.h \
 src/alarms/alarms.h src/alarms/ruleset.h src/util/cleanup.h \
 include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def src/outbox/store.h src/outbox/row.h \
 include/wardgate/label.h include/wardgate/ledger.h src/publish/publish.h \
 src/outbox/outbox.h include/wardgate/reading.h include/wardgate/detail.h \
 src/publish/refusals.h src/publish/remote.h src/publish/command.h \
 src/config/config.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/device.h src/desk/private.h src/desk/journal.h \
 src/gateway/gateway.h src/gateway/clock.h src/gateway/registry.h \
 src/gateway/records.h src/util/hash.h src/util/log.h src/gateway/tap.h
src/desk/desk.h:
src/alarms/alarms.h:
src/alarms/ruleset.h:
src/util/cleanup.h:
include/wardgate/rule.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/publish/publish.h:
src/outbox/outbox.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
src/publish/refusals.h:
src/publish/remote.h:
src/publish/command.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/device.h:
src/desk/private.h:
src/desk/journal.h:
src/gateway/gateway.h:
src/gateway/clock.h:
src/gateway/registry.h:
src/gateway/records.h:
src/util/hash.h:
src/util/log.h:
src/gateway/tap.h:
