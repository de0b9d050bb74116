build2/obj/src/publish/remote.o: src/publish/remote.c \
 src/publish/remote.h src/publish/command.h src/util/cleanup.h \
 src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/publish/properties.h src/publish/session_private.h \
 src/publish/flight.h src/publish/session.h src/outbox/outbox.h \
 include/wardgate/ledger.h src/publish/documents.h src/util/text.h \
 src/publish/link.h src/publish/tls.h src/publish/payloads/payloads.h \
 include/wardgate/payload.h src/publish/refusals.h src/publish/suspects.h \
 src/util/log.h src/publish/topic.h
src/publish/remote.h:
src/publish/command.h:
src/util/cleanup.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/decimal.h:
include/wardgate/detail.h:
include/wardgate/label.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/publish/properties.h:
src/publish/session_private.h:
src/publish/flight.h:
src/publish/session.h:
src/outbox/outbox.h:
include/wardgate/ledger.h:
src/publish/documents.h:
src/util/text.h:
src/publish/link.h:
src/publish/tls.h:
src/publish/payloads/payloads.h:
include/wardgate/payload.h:
src/publish/refusals.h:
src/publish/suspects.h:
src/util/log.h:
src/publish/topic.h:
