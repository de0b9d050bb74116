build2/obj/src/publish/refusals.o: src/publish/refusals.c \
 src/publish/refusals.h
src/publish/refusals.h:
