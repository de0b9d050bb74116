/*
 * Documentation made from the schema's rows: the manual page and the sample
 * configuration. Not part of the daemon; tools/gen-config-doc.c runs it.
 */
#pragma once

#include <stdio.h>

/* wardgate.conf(5), in roff. */
void config_write_manual(FILE *f);
/* conf/wardgate.conf: every setting, commented out, at its default. */
void config_write_sample(FILE *f);
