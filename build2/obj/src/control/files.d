build2/obj/src/control/files.o: src/control/files.c src/control/files.h \
 src/util/cleanup.h src/util/file.h
src/control/files.h:
src/util/cleanup.h:
src/util/file.h:
