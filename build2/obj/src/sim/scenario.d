build2/obj/src/sim/scenario.o: src/sim/scenario.c src/sim/scenario.h \
 src/sim/halves.h src/util/cleanup.h src/sim/pack.h src/sim/quantity.h \
 src/sim/ini.h
src/sim/scenario.h:
src/sim/halves.h:
src/util/cleanup.h:
src/sim/pack.h:
src/sim/quantity.h:
src/sim/ini.h:
