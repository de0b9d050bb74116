build2/obj/src/ctl/verb_alarms.o: src/ctl/verb_alarms.c \
 src/ctl/alarm_text.h src/ctl/human.h src/ctl/json.h src/util/cleanup.h \
 src/ctl/run.h src/ctl/ctl.h src/config/config.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/ctl/term.h
src/ctl/alarm_text.h:
src/ctl/human.h:
src/ctl/json.h:
src/util/cleanup.h:
src/ctl/run.h:
src/ctl/ctl.h:
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
src/ctl/term.h:
