build2/obj/src/outbox/rowread.o: src/outbox/rowread.c \
 src/outbox/rowcheck.h src/outbox/row.h include/wardgate/label.h \
 include/wardgate/ledger.h src/outbox/rows.h src/outbox/database.h \
 src/outbox/schema.h src/util/cleanup.h src/outbox/statements.h \
 include/wardgate/detail.h
src/outbox/rowcheck.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/outbox/rows.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
src/outbox/statements.h:
include/wardgate/detail.h:
