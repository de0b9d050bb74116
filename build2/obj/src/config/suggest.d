build2/obj/src/config/suggest.o: src/config/suggest.c \
 src/config/suggest.h
src/config/suggest.h:
