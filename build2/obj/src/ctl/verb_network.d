build2/obj/src/ctl/verb_network.o: src/ctl/verb_network.c src/ctl/json.h \
 src/util/cleanup.h src/ctl/prompt.h src/ctl/run.h src/ctl/ctl.h \
 src/config/config.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/ctl/term.h \
 src/util/file.h include/wardgate/joining.h
src/ctl/json.h:
src/util/cleanup.h:
src/ctl/prompt.h:
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
src/util/file.h:
include/wardgate/joining.h:
