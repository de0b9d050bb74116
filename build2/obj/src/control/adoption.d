build2/obj/src/control/adoption.o: src/control/adoption.c \
 src/control/adoption.h src/config/config.h src/util/cleanup.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/config/read.h \
 src/config/problems.h src/control/commands.h src/publish/command.h \
 src/config/parse.h src/config/psk.h src/config/record.h \
 src/config/schema.h src/control/files.h
src/control/adoption.h:
src/config/config.h:
src/util/cleanup.h:
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
src/config/read.h:
src/config/problems.h:
src/control/commands.h:
src/publish/command.h:
src/config/parse.h:
src/config/psk.h:
src/config/record.h:
src/config/schema.h:
src/control/files.h:
