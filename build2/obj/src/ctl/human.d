build2/obj/src/ctl/human.o: src/ctl/human.c src/ctl/human.h \
 src/util/cleanup.h src/util/text.h include/wardgate/decimal.h
src/ctl/human.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
