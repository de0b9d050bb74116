build2/obj/src/outbox/ledger_batch.o: src/outbox/ledger_batch.c \
 src/outbox/ledger_batch.h src/outbox/row.h include/wardgate/label.h \
 include/wardgate/ledger.h
src/outbox/ledger_batch.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
