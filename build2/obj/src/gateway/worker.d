build2/obj/src/gateway/worker.o: src/gateway/worker.c \
 src/gateway/worker.h src/util/cleanup.h
src/gateway/worker.h:
src/util/cleanup.h:
