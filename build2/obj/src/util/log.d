build2/obj/src/util/log.o: src/util/log.c src/util/log.h \
 src/util/cleanup.h src/util/text.h include/wardgate/decimal.h
src/util/log.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
