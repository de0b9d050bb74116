build2/obj/src/ctl/json.o: src/ctl/json.c src/ctl/json.h \
 src/util/cleanup.h src/util/text.h include/wardgate/decimal.h
src/ctl/json.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
