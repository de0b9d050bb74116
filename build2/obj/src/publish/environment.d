build2/obj/src/publish/environment.o: src/publish/environment.c \
 src/publish/environment.h src/publish/session.h src/outbox/outbox.h \
 src/util/cleanup.h include/wardgate/ledger.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/publish/command.h src/publish/documents.h src/util/text.h \
 src/publish/link.h src/publish/tls.h src/publish/payloads/payloads.h \
 include/wardgate/payload.h src/publish/refusals.h src/publish/remote.h \
 src/publish/suspects.h src/config/config.h include/wardgate/advert.h \
 include/wardgate/decoded.h include/wardgate/device.h \
 src/publish/properties.h
src/publish/environment.h:
src/publish/session.h:
src/outbox/outbox.h:
src/util/cleanup.h:
include/wardgate/ledger.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/publish/command.h:
src/publish/documents.h:
src/util/text.h:
src/publish/link.h:
src/publish/tls.h:
src/publish/payloads/payloads.h:
include/wardgate/payload.h:
src/publish/refusals.h:
src/publish/remote.h:
src/publish/suspects.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
include/wardgate/device.h:
src/publish/properties.h:
