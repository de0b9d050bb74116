build2/obj/src/sim/signal.o: src/sim/signal.c src/sim/signal.h \
 src/sim/quantity.h src/sim/rng.h
src/sim/signal.h:
src/sim/quantity.h:
src/sim/rng.h:
