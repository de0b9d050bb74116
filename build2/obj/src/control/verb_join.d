build2/obj/src/control/verb_join.o: src/control/verb_join.c \
 src/control/control_private.h src/config/config.h src/util/cleanup.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h \
 src/control/control.h src/config/read.h src/config/problems.h \
 src/control/commands.h src/publish/command.h src/outbox/store.h \
 src/outbox/row.h include/wardgate/ledger.h src/publish/remote.h \
 src/gateway/gateway.h src/gateway/clock.h src/gateway/registry.h \
 src/outbox/outbox.h src/publish/publish.h src/publish/refusals.h \
 src/util/log.h src/control/verbs.h src/util/text.h \
 include/wardgate/joining.h
src/control/control_private.h:
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
src/control/control.h:
src/config/read.h:
src/config/problems.h:
src/control/commands.h:
src/publish/command.h:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/ledger.h:
src/publish/remote.h:
src/gateway/gateway.h:
src/gateway/clock.h:
src/gateway/registry.h:
src/outbox/outbox.h:
src/publish/publish.h:
src/publish/refusals.h:
src/util/log.h:
src/control/verbs.h:
src/util/text.h:
include/wardgate/joining.h:
