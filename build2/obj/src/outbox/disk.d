build2/obj/src/outbox/disk.o: src/outbox/disk.c \
 src/outbox/outbox_private.h src/outbox/entry.h src/outbox/outbox.h \
 src/util/cleanup.h include/wardgate/ledger.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/outbox/receipt.h src/outbox/pace.h
src/outbox/outbox_private.h:
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
src/outbox/pace.h:
