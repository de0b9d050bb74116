build2/obj/src/config/problems.o: src/config/problems.c \
 src/config/problems.h
src/config/problems.h:
