build2/obj/src/gateway/dedup.o: src/gateway/dedup.c src/gateway/dedup.h
src/gateway/dedup.h:
