build2/obj/src/ctl/ctl.o: src/ctl/ctl.c src/ctl/ctl.h src/config/config.h \
 src/util/cleanup.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/config/read.h \
 src/config/problems.h src/publish/payloads/payloads.def
src/ctl/ctl.h:
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
src/publish/payloads/payloads.def:
