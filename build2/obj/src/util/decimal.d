build2/obj/src/util/decimal.o: src/util/decimal.c src/util/decimal.h \
 include/wardgate/decimal.h
src/util/decimal.h:
include/wardgate/decimal.h:
