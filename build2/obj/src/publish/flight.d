build2/obj/src/publish/flight.o: src/publish/flight.c \
 src/publish/flight.h src/util/cleanup.h
src/publish/flight.h:
src/util/cleanup.h:
