build2/obj/src/coap/timers.o: src/coap/timers.c src/coap/timers.h
src/coap/timers.h:
