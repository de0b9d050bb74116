build2/obj/src/outbox/database.o: src/outbox/database.c \
 src/outbox/database.h src/outbox/schema.h src/util/cleanup.h \
 src/outbox/migrate.h src/outbox/statements.h
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
src/outbox/migrate.h:
src/outbox/statements.h:
