build2/obj/src/ble/profiles/quirks.o: src/ble/profiles/quirks.c \
 src/ble/profiles/quirks.h src/util/cleanup.h src/util/text.h \
 include/wardgate/decimal.h src/ble/profiles/quirks.def
src/ble/profiles/quirks.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
src/ble/profiles/quirks.def:
