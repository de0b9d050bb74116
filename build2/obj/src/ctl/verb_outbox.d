build2/obj/src/ctl/verb_outbox.o: src/ctl/verb_outbox.c \
 src/config/config.h src/util/cleanup.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 include/wardgate/device.h src/ctl/asides.h src/ctl/bus.h src/ctl/ctl.h \
 src/ctl/forecast.h src/ctl/stored.h src/ctl/human.h src/ctl/json.h \
 src/ctl/outbox_daemon.h src/ctl/term.h src/util/reasons.h \
 src/util/text.h
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
src/ctl/asides.h:
src/ctl/bus.h:
src/ctl/ctl.h:
src/ctl/forecast.h:
src/ctl/stored.h:
src/ctl/human.h:
src/ctl/json.h:
src/ctl/outbox_daemon.h:
src/ctl/term.h:
src/util/reasons.h:
src/util/text.h:
