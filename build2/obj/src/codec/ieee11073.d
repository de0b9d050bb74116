build2/obj/src/codec/ieee11073.o: src/codec/ieee11073.c \
 src/codec/ieee11073.h include/wardgate/decimal.h src/util/decimal.h
src/codec/ieee11073.h:
include/wardgate/decimal.h:
src/util/decimal.h:
