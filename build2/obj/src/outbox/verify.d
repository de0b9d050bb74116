build2/obj/src/outbox/verify.o: src/outbox/verify.c src/outbox/verify.h \
 src/audit/chain.h src/outbox/schema.h src/util/cleanup.h
src/outbox/verify.h:
src/audit/chain.h:
src/outbox/schema.h:
src/util/cleanup.h:
