build2/obj/src/sim/sender.o: src/sim/sender.c src/sim/sender.h \
 src/sim/pack.h src/sim/quantity.h src/sim/rng.h src/util/cleanup.h
src/sim/sender.h:
src/sim/pack.h:
src/sim/quantity.h:
src/sim/rng.h:
src/util/cleanup.h:
