build2/obj/src/daemon_desk.o: src/daemon_desk.c \
 src/annunciator/annunciator.h src/util/cleanup.h \
 include/wardgate/alarm.h include/wardgate/decimal.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/conditions.def \
 src/config/read.h src/config/config.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/device.h src/config/problems.h src/control/control.h \
 src/control/commands.h src/publish/command.h src/outbox/store.h \
 src/outbox/row.h include/wardgate/ledger.h src/publish/remote.h \
 src/daemon_private.h src/gateway/epoch.h src/gateway/corrections.h \
 src/gateway/gateway.h src/gateway/clock.h src/gateway/registry.h \
 src/gateway/recall.h src/outbox/ledger_disk.h src/outbox/outbox.h \
 src/util/log.h src/desk/desk.h src/alarms/alarms.h src/alarms/ruleset.h \
 include/wardgate/rule.h src/publish/publish.h src/publish/refusals.h
src/annunciator/annunciator.h:
src/util/cleanup.h:
include/wardgate/alarm.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/conditions.def:
src/config/read.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/device.h:
src/config/problems.h:
src/control/control.h:
src/control/commands.h:
src/publish/command.h:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/ledger.h:
src/publish/remote.h:
src/daemon_private.h:
src/gateway/epoch.h:
src/gateway/corrections.h:
src/gateway/gateway.h:
src/gateway/clock.h:
src/gateway/registry.h:
src/gateway/recall.h:
src/outbox/ledger_disk.h:
src/outbox/outbox.h:
src/util/log.h:
src/desk/desk.h:
src/alarms/alarms.h:
src/alarms/ruleset.h:
include/wardgate/rule.h:
src/publish/publish.h:
src/publish/refusals.h:
