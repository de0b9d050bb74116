build2/obj/src/outbox/migrate.o: src/outbox/migrate.c \
 src/outbox/migrate.h src/outbox/database.h src/outbox/schema.h \
 src/util/cleanup.h src/outbox/copy.h src/outbox/statements.h
src/outbox/migrate.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
src/outbox/copy.h:
src/outbox/statements.h:
