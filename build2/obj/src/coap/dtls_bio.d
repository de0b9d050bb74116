build2/obj/src/coap/dtls_bio.o: src/coap/dtls_bio.c src/coap/dtls_bio.h
src/coap/dtls_bio.h:
