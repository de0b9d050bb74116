build2/obj/src/ctl/doctor_mqtt.o: src/ctl/doctor_mqtt.c \
 src/ctl/doctor_mqtt.h
src/ctl/doctor_mqtt.h:
