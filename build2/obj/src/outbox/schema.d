build2/obj/src/outbox/schema.o: src/outbox/schema.c src/outbox/schema.h \
 src/util/cleanup.h
src/outbox/schema.h:
src/util/cleanup.h:
