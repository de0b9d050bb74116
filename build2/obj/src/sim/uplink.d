build2/obj/src/sim/uplink.o: src/sim/uplink.c src/sim/uplink.h \
 src/util/cleanup.h
src/sim/uplink.h:
src/util/cleanup.h:
