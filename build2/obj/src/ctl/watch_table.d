build2/obj/src/ctl/watch_table.o: src/ctl/watch_table.c \
 src/ctl/watch_table.h src/util/cleanup.h src/ctl/alarm_text.h \
 src/ctl/human.h src/ctl/json.h src/ctl/run.h src/ctl/ctl.h \
 src/config/config.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/ctl/table.h \
 src/ctl/term.h
src/ctl/watch_table.h:
src/util/cleanup.h:
src/ctl/alarm_text.h:
src/ctl/human.h:
src/ctl/json.h:
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
src/ctl/table.h:
src/ctl/term.h:
