build2/obj/src/sim/replay.o: src/sim/replay.c src/sim/replay.h \
 src/sim/quantity.h src/util/cleanup.h
src/sim/replay.h:
src/sim/quantity.h:
src/util/cleanup.h:
