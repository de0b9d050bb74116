build2/obj/src/sim/halves.o: src/sim/halves.c src/sim/halves.h \
 src/util/cleanup.h src/sim/ini.h
src/sim/halves.h:
src/util/cleanup.h:
src/sim/ini.h:
