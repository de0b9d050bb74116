build2/obj/src/outbox/ledger_back.o: src/outbox/ledger_back.c \
 src/outbox/ledger_private.h src/outbox/ledger_batch.h src/outbox/row.h \
 include/wardgate/label.h include/wardgate/ledger.h \
 src/outbox/ledger_disk.h src/gateway/gateway.h src/gateway/clock.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/gateway/registry.h src/util/cleanup.h include/wardgate/device.h \
 src/outbox/outbox.h src/outbox/store.h src/outbox/names.h src/util/log.h \
 src/outbox/rowform.h
src/outbox/ledger_private.h:
src/outbox/ledger_batch.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/outbox/ledger_disk.h:
src/gateway/gateway.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/gateway/registry.h:
src/util/cleanup.h:
include/wardgate/device.h:
src/outbox/outbox.h:
src/outbox/store.h:
src/outbox/names.h:
src/util/log.h:
src/outbox/rowform.h:
