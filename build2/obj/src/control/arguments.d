build2/obj/src/control/arguments.o: src/control/arguments.c \
 src/control/arguments.h src/control/commands.h src/publish/command.h \
 src/util/cleanup.h src/config/parse.h src/config/config.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h \
 src/config/suggest.h src/util/text.h
src/control/arguments.h:
src/control/commands.h:
src/publish/command.h:
src/util/cleanup.h:
src/config/parse.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
include/wardgate/device.h:
src/config/suggest.h:
src/util/text.h:
