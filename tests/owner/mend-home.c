/* SPDX-License-Identifier: MIT */
/* mend-home HOMES COPIES USER: what a start does before homed opens a home, on other
 * directories; says whether it did something. */
#include <stdio.h>

#include "owner/home-header.h"

int main(int argc, char **argv)
{
	struct error err;
	int r;

	if (argc != 4)
		return 2;
	r = home_header_mend(argv[1], argv[2], argv[3], &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.message);
	else
		puts(r > 0 ? "mended" : "whole");
	return r < 0;
}
