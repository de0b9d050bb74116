build2/obj/src/sim/ini.o: src/sim/ini.c src/sim/ini.h src/util/cleanup.h
src/sim/ini.h:
src/util/cleanup.h:
