/* SPDX-License-Identifier: MIT */
/* A text as QR code out of half blocks, two rows of it in a line of the terminal. */
#pragma once

/* Lines, freed by the caller; NULL when it doesn't fit into a code. Dark on light, with a
 * rim of two, which readers are content with. */
char *qr_drawing(const char *text);
