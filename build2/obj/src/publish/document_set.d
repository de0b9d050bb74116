build2/obj/src/publish/document_set.o: src/publish/document_set.c \
 src/publish/document_set.h src/util/hash.h
src/publish/document_set.h:
src/util/hash.h:
