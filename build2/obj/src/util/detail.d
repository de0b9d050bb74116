build2/obj/src/util/detail.o: src/util/detail.c include/wardgate/detail.h
include/wardgate/detail.h:
