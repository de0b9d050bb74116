build2/obj/src/ctl/archive.o: src/ctl/archive.c src/ctl/archive.h \
 src/ctl/seal.h src/util/cleanup.h src/util/text.h \
 include/wardgate/decimal.h
src/ctl/archive.h:
src/ctl/seal.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
