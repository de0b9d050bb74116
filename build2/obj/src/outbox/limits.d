build2/obj/src/outbox/limits.o: src/outbox/limits.c src/outbox/limits.h \
 src/outbox/store.h src/outbox/row.h include/wardgate/label.h \
 include/wardgate/ledger.h src/util/cleanup.h
src/outbox/limits.h:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
