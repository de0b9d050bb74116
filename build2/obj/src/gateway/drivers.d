build2/obj/src/gateway/drivers.o: src/gateway/drivers.c \
 src/gateway/drivers.h src/util/text.h include/wardgate/decimal.h \
 include/wardgate/driver.h src/util/cleanup.h src/util/log.h
src/gateway/drivers.h:
src/util/text.h:
include/wardgate/decimal.h:
include/wardgate/driver.h:
src/util/cleanup.h:
src/util/log.h:
