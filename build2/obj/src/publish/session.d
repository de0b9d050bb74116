build2/obj/src/publish/session.o: src/publish/session.c \
 src/publish/session.h src/outbox/outbox.h src/util/cleanup.h \
 include/wardgate/ledger.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/publish/command.h src/publish/documents.h src/util/text.h \
 src/publish/link.h src/publish/tls.h src/publish/payloads/payloads.h \
 include/wardgate/payload.h src/publish/refusals.h src/publish/remote.h \
 src/publish/suspects.h src/gateway/clock.h src/publish/session_private.h \
 src/publish/flight.h src/util/log.h src/publish/topic.h \
 src/util/reasons.h
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
src/gateway/clock.h:
src/publish/session_private.h:
src/publish/flight.h:
src/util/log.h:
src/publish/topic.h:
src/util/reasons.h:
