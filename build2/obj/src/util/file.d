build2/obj/src/util/file.o: src/util/file.c src/util/file.h \
 src/util/cleanup.h
src/util/file.h:
src/util/cleanup.h:
