build2/obj/src/outbox/scan.o: src/outbox/scan.c src/outbox/scan.h \
 src/outbox/keeper_private.h src/outbox/database.h src/outbox/schema.h \
 src/util/cleanup.h src/outbox/keeper.h src/outbox/news.h \
 src/outbox/store.h src/outbox/row.h include/wardgate/label.h \
 include/wardgate/ledger.h src/outbox/rows.h src/outbox/scan_state.h
src/outbox/scan.h:
src/outbox/keeper_private.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
src/outbox/keeper.h:
src/outbox/news.h:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/outbox/rows.h:
src/outbox/scan_state.h:
