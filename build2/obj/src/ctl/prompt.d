build2/obj/src/ctl/prompt.o: src/ctl/prompt.c src/ctl/prompt.h \
 src/util/cleanup.h
src/ctl/prompt.h:
src/util/cleanup.h:
