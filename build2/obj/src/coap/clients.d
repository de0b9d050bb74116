build2/obj/src/coap/clients.o: src/coap/clients.c src/coap/server.h \
 src/coap/block.h src/coap/dtls.h src/coap/dtls_context.h src/coap/udp.h \
 src/util/cleanup.h src/coap/timers.h src/coap/message.h src/coap/pdu.h \
 src/codec/senml.h include/wardgate/decimal.h include/wardgate/metric.h \
 include/wardgate/metrics.def include/wardgate/words.def src/config/psk.h \
 src/config/problems.h include/wardgate/device.h include/wardgate/label.h \
 src/gateway/gateway.h src/gateway/clock.h include/wardgate/reading.h \
 include/wardgate/detail.h src/gateway/registry.h \
 include/wardgate/ledger.h include/wardgate/driver.h src/config/config.h \
 include/wardgate/advert.h include/wardgate/decoded.h src/util/log.h
src/coap/server.h:
src/coap/block.h:
src/coap/dtls.h:
src/coap/dtls_context.h:
src/coap/udp.h:
src/util/cleanup.h:
src/coap/timers.h:
src/coap/message.h:
src/coap/pdu.h:
src/codec/senml.h:
include/wardgate/decimal.h:
include/wardgate/metric.h:
include/wardgate/metrics.def:
include/wardgate/words.def:
src/config/psk.h:
src/config/problems.h:
include/wardgate/device.h:
include/wardgate/label.h:
src/gateway/gateway.h:
src/gateway/clock.h:
include/wardgate/reading.h:
include/wardgate/detail.h:
src/gateway/registry.h:
include/wardgate/ledger.h:
include/wardgate/driver.h:
src/config/config.h:
include/wardgate/advert.h:
include/wardgate/decoded.h:
src/util/log.h:
