build2/obj/src/control/answers.o: src/control/answers.c \
 src/control/answers.h src/control/commands.h src/publish/command.h \
 src/util/cleanup.h
src/control/answers.h:
src/control/commands.h:
src/publish/command.h:
src/util/cleanup.h:
