build2/obj/src/sim/psk.o: src/sim/psk.c src/sim/psk.h src/util/cleanup.h
src/sim/psk.h:
src/util/cleanup.h:
