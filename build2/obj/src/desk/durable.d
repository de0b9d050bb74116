build2/obj/src/desk/durable.o: src/desk/durable.c src/desk/private.h \
 src/desk/desk.h src/alarms/alarms.h src/alarms/ruleset.h \
 src/util/cleanup.h include/wardgate/rule.h include/wardgate/alarm.h \
 include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/conditions.def src/outbox/store.h src/outbox/row.h \
 include/wardgate/label.h include/wardgate/ledger.h src/publish/publish.h \
 src/outbox/outbox.h include/wardgate/reading.h include/wardgate/detail.h \
 src/publish/refusals.h src/publish/remote.h src/publish/command.h \
 src/desk/journal.h src/gateway/gateway.h src/gateway/clock.h \
 src/gateway/registry.h include/wardgate/device.h src/gateway/records.h \
 src/util/hash.h src/util/log.h
src/desk/private.h:
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
src/desk/journal.h:
src/gateway/gateway.h:
src/gateway/clock.h:
src/gateway/registry.h:
include/wardgate/device.h:
src/gateway/records.h:
src/util/hash.h:
src/util/log.h:
