build2/obj/src/outbox/statefile.o: src/outbox/statefile.c \
 src/outbox/statefile.h src/outbox/store.h src/outbox/row.h \
 include/wardgate/label.h include/wardgate/ledger.h src/util/cleanup.h \
 src/util/file.h
src/outbox/statefile.h:
src/outbox/store.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/cleanup.h:
src/util/file.h:
