build2/obj/src/publish/command.o: src/publish/command.c \
 src/publish/command.h src/publish/topic.h src/util/cleanup.h \
 src/util/text.h include/wardgate/decimal.h
src/publish/command.h:
src/publish/topic.h:
src/util/cleanup.h:
src/util/text.h:
include/wardgate/decimal.h:
