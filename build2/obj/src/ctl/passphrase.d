build2/obj/src/ctl/passphrase.o: src/ctl/passphrase.c src/ctl/backup.h \
 src/config/read.h src/config/config.h src/util/cleanup.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h \
 src/config/problems.h src/ctl/archive.h src/ctl/ctl.h src/ctl/seal.h \
 src/ctl/prompt.h
src/ctl/backup.h:
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
src/ctl/archive.h:
src/ctl/ctl.h:
src/ctl/seal.h:
src/ctl/prompt.h:
