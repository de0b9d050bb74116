build2/obj/src/util/label.o: src/util/label.c include/wardgate/label.h
include/wardgate/label.h:
