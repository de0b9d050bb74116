build2/obj/src/sim/profile.o: src/sim/profile.c src/sim/scenario.h \
 src/sim/halves.h src/util/cleanup.h src/sim/pack.h src/sim/quantity.h
src/sim/scenario.h:
src/sim/halves.h:
src/util/cleanup.h:
src/sim/pack.h:
src/sim/quantity.h:
