build2/obj/src/outbox/keeper.o: src/outbox/keeper.c src/outbox/keeper.h \
 src/outbox/news.h src/outbox/store.h src/outbox/row.h \
 include/wardgate/label.h include/wardgate/ledger.h src/util/cleanup.h \
 src/outbox/schema.h src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/outbox/giveup.h \
 src/outbox/keeper_private.h src/outbox/database.h src/outbox/rows.h \
 src/outbox/scan_state.h src/outbox/salvage.h src/outbox/scan.h \
 src/outbox/upkeep.h
src/outbox/keeper.h:
src/outbox/news.h:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
src/outbox/schema.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/outbox/giveup.h:
src/outbox/keeper_private.h:
src/outbox/database.h:
src/outbox/rows.h:
src/outbox/scan_state.h:
src/outbox/salvage.h:
src/outbox/scan.h:
src/outbox/upkeep.h:
