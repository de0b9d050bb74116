build2/obj/src/outbox/names.o: src/outbox/names.c src/outbox/names.h \
 src/outbox/row.h include/wardgate/label.h include/wardgate/ledger.h \
 src/util/cleanup.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def src/util/hash.h
src/outbox/names.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/util/hash.h:
