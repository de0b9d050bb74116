build2/obj/src/codec/datetime.o: src/codec/datetime.c \
 src/codec/datetime.h src/util/cursor.h
src/codec/datetime.h:
src/util/cursor.h:
