build2/obj/src/publish/change.o: src/publish/change.c \
 src/gateway/worker.h src/util/cleanup.h src/publish/publish_private.h \
 src/config/config.h include/wardgate/advert.h include/wardgate/decoded.h \
 include/wardgate/reading.h include/wardgate/decimal.h \
 include/wardgate/detail.h include/wardgate/label.h \
 include/wardgate/metric.h include/wardgate/metrics.def \
 include/wardgate/words.def include/wardgate/device.h src/gateway/clock.h \
 src/publish/backoff.h src/publish/environment.h src/publish/session.h \
 src/outbox/outbox.h include/wardgate/ledger.h src/publish/command.h \
 src/publish/documents.h src/util/text.h src/publish/link.h \
 src/publish/tls.h src/publish/payloads/payloads.h \
 include/wardgate/payload.h src/publish/refusals.h src/publish/remote.h \
 src/publish/suspects.h src/publish/expiry.h src/publish/publish.h \
 src/util/log.h
src/gateway/worker.h:
src/util/cleanup.h:
src/publish/publish_private.h:
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
src/gateway/clock.h:
src/publish/backoff.h:
src/publish/environment.h:
src/publish/session.h:
src/outbox/outbox.h:
include/wardgate/ledger.h:
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
src/publish/expiry.h:
src/publish/publish.h:
src/util/log.h:
