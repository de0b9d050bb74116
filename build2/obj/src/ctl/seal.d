build2/obj/src/ctl/seal.o: src/ctl/seal.c src/ctl/seal.h \
 src/util/cleanup.h
src/ctl/seal.h:
src/util/cleanup.h:
