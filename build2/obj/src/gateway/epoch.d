build2/obj/src/gateway/epoch.o: src/gateway/epoch.c src/gateway/epoch.h \
 src/gateway/corrections.h src/util/text.h include/wardgate/decimal.h
src/gateway/epoch.h:
src/gateway/corrections.h:
src/util/text.h:
include/wardgate/decimal.h:
