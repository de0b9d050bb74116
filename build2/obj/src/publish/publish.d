build2/obj/src/publish/publish.o: src/publish/publish.c \
 src/publish/publish.h src/outbox/outbox.h src/util/cleanup.h \
 include/wardgate/ledger.h include/wardgate/reading.h \
 include/wardgate/decimal.h include/wardgate/detail.h \
 include/wardgate/label.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def \
 src/publish/refusals.h src/publish/remote.h src/publish/command.h \
 src/gateway/gateway.h src/gateway/clock.h src/gateway/registry.h \
 include/wardgate/device.h src/gateway/worker.h \
 src/publish/publish_private.h src/config/config.h \
 include/wardgate/advert.h include/wardgate/decoded.h \
 src/publish/backoff.h src/publish/environment.h src/publish/session.h \
 src/publish/documents.h src/util/text.h src/publish/link.h \
 src/publish/tls.h src/publish/payloads/payloads.h \
 include/wardgate/payload.h src/publish/suspects.h src/publish/expiry.h \
 src/util/log.h
src/publish/publish.h:
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
src/publish/refusals.h:
src/publish/remote.h:
src/publish/command.h:
src/gateway/gateway.h:
src/gateway/clock.h:
src/gateway/registry.h:
include/wardgate/device.h:
src/gateway/worker.h:
src/publish/publish_private.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
src/publish/backoff.h:
src/publish/environment.h:
src/publish/session.h:
src/publish/documents.h:
src/util/text.h:
src/publish/link.h:
src/publish/tls.h:
src/publish/payloads/payloads.h:
include/wardgate/payload.h:
src/publish/suspects.h:
src/publish/expiry.h:
src/util/log.h:
