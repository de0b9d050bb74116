build2/obj/src/control/pair_words.o: src/control/pair_words.c \
 src/control/pair_words.h src/control/commands.h src/publish/command.h \
 src/util/cleanup.h include/wardgate/pairing.h src/util/text.h \
 include/wardgate/decimal.h
src/control/pair_words.h:
src/control/commands.h:
src/publish/command.h:
src/util/cleanup.h:
include/wardgate/pairing.h:
src/util/text.h:
include/wardgate/decimal.h:
