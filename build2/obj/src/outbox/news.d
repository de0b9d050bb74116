build2/obj/src/outbox/news.o: src/outbox/news.c src/outbox/news.h \
 src/outbox/store.h src/outbox/row.h include/wardgate/label.h \
 include/wardgate/ledger.h src/util/cleanup.h src/outbox/rows.h \
 src/outbox/database.h src/outbox/schema.h
src/outbox/news.h:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
src/outbox/rows.h:
src/outbox/database.h:
src/outbox/schema.h:
