build2/obj/src/outbox/salvage.o: src/outbox/salvage.c \
 src/outbox/salvage.h src/outbox/keeper_private.h src/outbox/database.h \
 src/outbox/schema.h src/util/cleanup.h src/outbox/keeper.h \
 src/outbox/news.h src/outbox/store.h src/outbox/row.h \
 include/wardgate/label.h include/wardgate/ledger.h src/outbox/rows.h \
 src/outbox/scan_state.h src/outbox/auditrows.h src/outbox/giveup.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def
src/outbox/salvage.h:
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
src/outbox/auditrows.h:
src/outbox/giveup.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
