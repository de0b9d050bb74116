build2/obj/src/outbox/rowcheck.o: src/outbox/rowcheck.c \
 src/outbox/rowcheck.h src/outbox/row.h include/wardgate/label.h \
 include/wardgate/ledger.h src/util/hash.h
src/outbox/rowcheck.h:
src/outbox/row.h:
include/wardgate/label.h:
include/wardgate/ledger.h:
src/util/hash.h:
