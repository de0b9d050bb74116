build2/obj/src/ctl/table.o: src/ctl/table.c src/ctl/table.h \
 src/util/cleanup.h src/ctl/term.h
src/ctl/table.h:
src/util/cleanup.h:
src/ctl/term.h:
