build2/obj/src/coap/block.o: src/coap/block.c src/coap/block.h \
 src/coap/pdu.h
src/coap/block.h:
src/coap/pdu.h:
