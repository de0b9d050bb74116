build2/obj/src/outbox/rows.o: src/outbox/rows.c src/outbox/rows.h \
 src/outbox/database.h src/outbox/schema.h src/util/cleanup.h \
 src/outbox/row.h include/wardgate/label.h include/wardgate/ledger.h \
 src/outbox/rowcheck.h src/outbox/statements.h
src/outbox/rows.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/outbox/rowcheck.h:
src/outbox/statements.h:
