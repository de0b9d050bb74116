build2/obj/src/ctl/asides.o: src/ctl/asides.c src/ctl/asides.h \
 src/util/cleanup.h src/ctl/human.h src/ctl/table.h src/ctl/term.h
src/ctl/asides.h:
src/util/cleanup.h:
src/ctl/human.h:
src/ctl/table.h:
src/ctl/term.h:
