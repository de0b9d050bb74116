build2/obj/src/ctl/forecast.o: src/ctl/forecast.c src/ctl/forecast.h \
 src/ctl/stored.h src/outbox/limits.h src/outbox/store.h src/outbox/row.h \
 include/wardgate/label.h include/wardgate/ledger.h src/util/cleanup.h
src/ctl/forecast.h:
src/ctl/stored.h:
src/outbox/limits.h:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
