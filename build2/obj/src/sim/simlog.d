build2/obj/src/sim/simlog.o: src/sim/simlog.c src/sim/simlog.h \
 src/sim/pack.h src/sim/quantity.h src/util/cleanup.h src/util/text.h \
 include/wardgate/decimal.h
src/sim/simlog.h:
src/sim/pack.h:
src/sim/quantity.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
