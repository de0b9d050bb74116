build2/obj/src/sim/radio.o: src/sim/radio.c src/sim/radio.h src/sim/rng.h \
 src/util/cleanup.h
src/sim/radio.h:
src/sim/rng.h:
src/util/cleanup.h:
