build2/obj/src/outbox/store.o: src/outbox/store.c src/outbox/store.h \
 src/outbox/row.h include/wardgate/label.h include/wardgate/ledger.h \
 src/util/cleanup.h src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/outbox/keeper.h src/outbox/news.h \
 src/outbox/schema.h src/outbox/statefile.h
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/outbox/keeper.h:
src/outbox/news.h:
src/outbox/schema.h:
src/outbox/statefile.h:
