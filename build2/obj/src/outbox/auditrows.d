build2/obj/src/outbox/auditrows.o: src/outbox/auditrows.c \
 src/outbox/auditrows.h src/outbox/database.h src/outbox/schema.h \
 src/util/cleanup.h src/outbox/row.h include/wardgate/label.h \
 include/wardgate/ledger.h src/outbox/rows.h src/outbox/store.h
src/outbox/auditrows.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/outbox/rows.h:
src/outbox/store.h:
