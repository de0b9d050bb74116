build2/obj/src/ctl/term.o: src/ctl/term.c src/ctl/term.h \
 src/util/cleanup.h src/util/text.h include/wardgate/decimal.h
src/ctl/term.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
