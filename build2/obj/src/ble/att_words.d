build2/obj/src/ble/att_words.o: src/ble/att_words.c src/ble/att.h \
 src/ble/att_server.h
src/ble/att.h:
src/ble/att_server.h:
