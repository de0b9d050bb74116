build2/obj/src/gateway/recall.o: src/gateway/recall.c \
 src/gateway/recall.h src/util/cleanup.h include/wardgate/label.h \
 src/gateway/epoch.h src/gateway/corrections.h src/gateway/ramfile.h \
 src/util/hash.h
src/gateway/recall.h:
src/util/cleanup.h:
include/wardgate/label.h:
src/gateway/epoch.h:
src/gateway/corrections.h:
src/gateway/ramfile.h:
src/util/hash.h:
