build2/obj/src/ble/mgmt_words.o: src/ble/mgmt_words.c src/ble/mgmt.h \
 src/ble/address.h
src/ble/mgmt.h:
src/ble/address.h:
