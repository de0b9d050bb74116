build2/obj/src/alarms/mkt.o: src/alarms/mkt.c src/alarms/mkt.h \
 include/wardgate/decimal.h src/util/decimal.h
src/alarms/mkt.h:
include/wardgate/decimal.h:
src/util/decimal.h:
