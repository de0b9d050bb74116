build2/obj/src/coap/udp.o: src/coap/udp.c src/coap/udp.h \
 src/util/cleanup.h
src/coap/udp.h:
src/util/cleanup.h:
