build2/obj/src/gateway/corrections.o: src/gateway/corrections.c \
 src/gateway/corrections.h
src/gateway/corrections.h:
