build2/obj/src/coap/dtls.o: src/coap/dtls.c src/coap/dtls_internal.h \
 src/coap/dtls.h src/coap/dtls_context.h src/coap/udp.h \
 src/util/cleanup.h src/coap/timers.h src/coap/dtls_bio.h src/util/hash.h
src/coap/dtls_internal.h:
src/coap/dtls.h:
src/coap/dtls_context.h:
src/coap/udp.h:
src/util/cleanup.h:
src/coap/timers.h:
src/coap/dtls_bio.h:
src/util/hash.h:
