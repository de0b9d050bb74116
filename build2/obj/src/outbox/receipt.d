build2/obj/src/outbox/receipt.o: src/outbox/receipt.c \
 src/outbox/receipt.h include/wardgate/ledger.h
src/outbox/receipt.h:
include/wardgate/ledger.h:
