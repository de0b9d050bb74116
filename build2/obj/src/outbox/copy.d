build2/obj/src/outbox/copy.o: src/outbox/copy.c src/outbox/copy.h \
 src/outbox/database.h src/outbox/schema.h src/util/cleanup.h \
 src/outbox/statements.h
src/outbox/copy.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
src/outbox/statements.h:
