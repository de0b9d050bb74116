build2/obj/src/outbox/quarantine.o: src/outbox/quarantine.c \
 src/outbox/quarantine.h src/outbox/database.h src/outbox/schema.h \
 src/util/cleanup.h
src/outbox/quarantine.h:
src/outbox/database.h:
src/outbox/schema.h:
src/util/cleanup.h:
