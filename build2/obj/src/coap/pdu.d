build2/obj/src/coap/pdu.o: src/coap/pdu.c src/coap/pdu.h
src/coap/pdu.h:
