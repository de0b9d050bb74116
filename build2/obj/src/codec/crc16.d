build2/obj/src/codec/crc16.o: src/codec/crc16.c src/codec/crc16.h
src/codec/crc16.h:
