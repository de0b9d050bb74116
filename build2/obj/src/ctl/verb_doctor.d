build2/obj/src/ctl/verb_doctor.o: src/ctl/verb_doctor.c src/ctl/doctor.h \
 src/ctl/ctl.h src/config/config.h src/util/cleanup.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/ctl/json.h \
 src/ctl/term.h src/util/text.h
src/ctl/doctor.h:
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
src/ctl/json.h:
src/ctl/term.h:
src/util/text.h:
