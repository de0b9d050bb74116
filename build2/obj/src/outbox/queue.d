build2/obj/src/outbox/queue.o: src/outbox/queue.c src/outbox/entry.h \
 src/outbox/outbox.h src/util/cleanup.h include/wardgate/ledger.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/outbox/receipt.h
src/outbox/entry.h:
src/outbox/outbox.h:
src/util/cleanup.h:
include/wardgate/ledger.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/outbox/receipt.h:
