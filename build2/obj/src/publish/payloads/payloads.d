build2/obj/src/publish/payloads/payloads.o: \
 src/publish/payloads/payloads.c src/publish/payloads/payloads.h \
 include/wardgate/payload.h src/util/cleanup.h \
 src/publish/payloads/payloads.def
src/publish/payloads/payloads.h:
include/wardgate/payload.h:
src/util/cleanup.h:
src/publish/payloads/payloads.def:
