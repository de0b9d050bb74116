build2/obj/src/ctl/stored.o: src/ctl/stored.c src/ctl/stored.h \
 src/outbox/schema.h src/util/cleanup.h
src/ctl/stored.h:
src/outbox/schema.h:
src/util/cleanup.h:
