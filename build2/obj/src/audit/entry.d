build2/obj/src/audit/entry.o: src/audit/entry.c src/audit/entry.h \
 src/gateway/gateway.h src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/gateway/registry.h src/util/cleanup.h include/wardgate/device.h \
 include/wardgate/ledger.h src/control/commands.h src/publish/command.h \
 src/publish/refusals.h src/util/text.h include/wardgate/alarm.h \
 include/wardgate/conditions.def
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
src/control/commands.h:
src/publish/command.h:
src/publish/refusals.h:
src/util/text.h:
include/wardgate/alarm.h:
include/wardgate/conditions.def:
