build2/obj/src/outbox/rowform.o: src/outbox/rowform.c src/outbox/names.h \
 src/outbox/row.h include/wardgate/label.h include/wardgate/ledger.h \
 src/util/cleanup.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/outbox/outbox.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 src/outbox/rowform.h
src/outbox/names.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/outbox/outbox.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
src/outbox/rowform.h:
