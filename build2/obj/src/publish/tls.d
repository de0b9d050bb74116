build2/obj/src/publish/tls.o: src/publish/tls.c src/publish/tls.h \
 src/util/cleanup.h src/util/text.h include/wardgate/decimal.h
src/publish/tls.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
