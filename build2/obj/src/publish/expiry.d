build2/obj/src/publish/expiry.o: src/publish/expiry.c \
 src/publish/expiry.h src/util/cleanup.h
src/publish/expiry.h:
src/util/cleanup.h:
