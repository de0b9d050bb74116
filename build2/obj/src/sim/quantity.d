build2/obj/src/sim/quantity.o: src/sim/quantity.c src/sim/quantity.h
src/sim/quantity.h:
