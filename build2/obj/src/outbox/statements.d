build2/obj/src/outbox/statements.o: src/outbox/statements.c \
 src/outbox/statements.h src/outbox/database.h src/outbox/schema.h \
 src/util/cleanup.h
src/outbox/statements.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
