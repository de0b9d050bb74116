build2/obj/src/coap/dtls_context.o: src/coap/dtls_context.c \
 src/coap/dtls_context.h src/coap/udp.h src/util/cleanup.h
src/coap/dtls_context.h:
src/coap/udp.h:
src/util/cleanup.h:
