build2/obj/src/ble/att_server.o: src/ble/att_server.c \
 src/ble/att_server.h src/ble/att.h src/codec/datetime.h \
 src/util/cursor.h
src/ble/att_server.h:
src/ble/att.h:
src/codec/datetime.h:
src/util/cursor.h:
