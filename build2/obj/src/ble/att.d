build2/obj/src/ble/att.o: src/ble/att.c src/ble/att.h \
 src/ble/att_server.h src/util/cursor.h
src/ble/att.h:
src/ble/att_server.h:
src/util/cursor.h:
