build2/obj/src/control/commands.o: src/control/commands.c \
 src/control/commands.h src/publish/command.h src/util/cleanup.h \
 src/control/answers.h src/control/arguments.h src/gateway/clock.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def src/util/hash.h src/util/log.h
src/control/commands.h:
src/publish/command.h:
src/util/cleanup.h:
src/control/answers.h:
src/control/arguments.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/util/hash.h:
src/util/log.h:
