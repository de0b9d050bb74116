build2/obj/src/publish/shorten.o: src/publish/shorten.c \
 src/publish/shorten.h src/util/cleanup.h src/util/text.h \
 include/wardgate/decimal.h
src/publish/shorten.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
