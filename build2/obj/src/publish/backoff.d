build2/obj/src/publish/backoff.o: src/publish/backoff.c \
 src/publish/backoff.h
src/publish/backoff.h:
