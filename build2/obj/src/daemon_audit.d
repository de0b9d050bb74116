build2/obj/src/daemon_audit.o: src/daemon_audit.c src/audit/entry.h \
 src/gateway/gateway.h src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/gateway/registry.h src/util/cleanup.h include/wardgate/device.h \
 include/wardgate/ledger.h src/audit/trail.h src/outbox/row.h \
 src/control/control.h src/config/read.h src/config/config.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 src/config/problems.h src/control/commands.h src/publish/command.h \
 src/outbox/store.h src/publish/remote.h src/daemon_private.h \
 src/gateway/epoch.h src/gateway/corrections.h src/gateway/recall.h \
 src/outbox/ledger_disk.h src/outbox/outbox.h src/util/log.h \
 src/util/text.h
src/audit/entry.h:
src/gateway/gateway.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/gateway/registry.h:
src/util/cleanup.h:
include/wardgate/device.h:
include/wardgate/ledger.h:
src/audit/trail.h:
src/outbox/row.h:
src/control/control.h:
src/config/read.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
src/config/problems.h:
src/control/commands.h:
src/publish/command.h:
src/outbox/store.h:
src/publish/remote.h:
src/daemon_private.h:
src/gateway/epoch.h:
src/gateway/corrections.h:
src/gateway/recall.h:
src/outbox/ledger_disk.h:
src/outbox/outbox.h:
src/util/log.h:
src/util/text.h:
