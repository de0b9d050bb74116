build2/obj/src/ctl/collect.o: src/ctl/collect.c src/config/read.h \
 src/config/config.h src/util/cleanup.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/device.h src/config/problems.h src/ctl/backup.h \
 src/ctl/archive.h src/ctl/ctl.h src/ctl/seal.h src/util/text.h
src/config/read.h:
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
src/config/problems.h:
src/ctl/backup.h:
src/ctl/archive.h:
src/ctl/ctl.h:
src/ctl/seal.h:
src/util/text.h:
