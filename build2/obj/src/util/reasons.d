build2/obj/src/util/reasons.o: src/util/reasons.c src/util/reasons.h \
 src/util/cleanup.h
src/util/reasons.h:
src/util/cleanup.h:
