build2/obj/src/outbox/pace.o: src/outbox/pace.c src/outbox/pace.h
src/outbox/pace.h:
