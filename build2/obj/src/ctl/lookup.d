build2/obj/src/ctl/lookup.o: src/ctl/lookup.c src/ctl/lookup.h
src/ctl/lookup.h:
