build2/obj/src/outbox/transact.o: src/outbox/transact.c \
 src/outbox/auditrows.h src/outbox/database.h src/outbox/schema.h \
 src/util/cleanup.h src/outbox/row.h include/wardgate/label.h \
 include/wardgate/ledger.h src/outbox/giveup.h \
 src/outbox/keeper_private.h src/outbox/keeper.h src/outbox/news.h \
 src/outbox/store.h src/outbox/rows.h src/outbox/scan_state.h
src/outbox/auditrows.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/outbox/giveup.h:
src/outbox/keeper_private.h:
src/outbox/keeper.h:
src/outbox/news.h:
src/outbox/store.h:
src/outbox/rows.h:
src/outbox/scan_state.h:
