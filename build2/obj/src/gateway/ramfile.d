build2/obj/src/gateway/ramfile.o: src/gateway/ramfile.c \
 src/gateway/ramfile.h src/util/cleanup.h src/util/hash.h
src/gateway/ramfile.h:
src/util/cleanup.h:
src/util/hash.h:
