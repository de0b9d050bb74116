/*
 * Writes what is made from the configuration's schema to standard output:
 * "gen-config-doc man" the manual page wardgate.conf(5), "gen-config-doc conf"
 * the sample conf/wardgate.conf. Run by the makefile only.
 */
#include <stdio.h>
#include <string.h>

#include "config/manual.h"

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "man") == 0) {
		config_write_manual(stdout);
	} else if (argc == 2 && strcmp(argv[1], "conf") == 0) {
		config_write_sample(stdout);
	} else {
		fputs("Usage: gen-config-doc man|conf\n", stderr);
		return 2;
	}
	return fflush(stdout) != 0 || ferror(stdout);
}
