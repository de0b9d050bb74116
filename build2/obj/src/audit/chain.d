build2/obj/src/audit/chain.o: src/audit/chain.c src/audit/chain.h \
 src/util/cleanup.h
src/audit/chain.h:
src/util/cleanup.h:
