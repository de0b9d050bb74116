build2/obj/src/sim/pack.o: src/sim/pack.c src/sim/pack.h \
 src/sim/quantity.h src/util/text.h include/wardgate/decimal.h
src/sim/pack.h:
src/sim/quantity.h:
src/util/text.h:
include/wardgate/decimal.h:
