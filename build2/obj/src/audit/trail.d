build2/obj/src/audit/trail.o: src/audit/trail.c src/audit/trail.h \
 src/outbox/row.h include/wardgate/label.h include/wardgate/ledger.h \
 src/util/cleanup.h src/audit/chain.h src/audit/entry.h \
 src/gateway/gateway.h src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/gateway/registry.h \
 include/wardgate/device.h src/util/log.h
src/audit/trail.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
src/audit/chain.h:
src/audit/entry.h:
src/gateway/gateway.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/gateway/registry.h:
include/wardgate/device.h:
src/util/log.h:
