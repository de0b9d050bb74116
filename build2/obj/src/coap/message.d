build2/obj/src/coap/message.o: src/coap/message.c src/coap/message.h \
 src/coap/pdu.h
src/coap/message.h:
src/coap/pdu.h:
