build2/obj/src/publish/suspects.o: src/publish/suspects.c \
 src/publish/suspects.h
src/publish/suspects.h:
