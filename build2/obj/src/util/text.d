build2/obj/src/util/text.o: src/util/text.c src/util/text.h \
 include/wardgate/decimal.h src/util/cleanup.h src/util/decimal.h
src/util/text.h:
include/wardgate/decimal.h:
src/util/cleanup.h:
src/util/decimal.h:
