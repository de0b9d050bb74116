build2/obj/src/publish/properties.o: src/publish/properties.c \
 src/publish/properties.h
src/publish/properties.h:
