/* SPDX-License-Identifier: MIT */
/* QR codes for a terminal. */
#include <qrencode.h>
#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "welcome/qr.h"

#define RIM 2
/* Bytes of the longest of the four signs. */
#define SIGN_MAX 3

static int dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return 0;
	return code->data[y * code->width + x] & 1;
}

/* The terminal's letters are light on dark: the sign shows where the code is light. */
static const char *sign(int upper, int lower)
{
	static const char *const signs[2][2] = {{"█", "▀"}, {"▄", " "}};

	return signs[upper][lower];
}

char *qr_drawing(const char *text)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	size_t columns;
	char *out, *end;

	if (!code)
		return NULL;
	columns = (size_t)code->width + 2 * RIM;
	out = end = xcalloc((columns * SIGN_MAX + 1) * (columns / 2 + 1) + 1, 1);
	for (int y = -RIM; y < code->width + RIM; y += 2) {
		for (int x = -RIM; x < code->width + RIM; x++)
			end = stpcpy(end, sign(dark(code, x, y), dark(code, x, y + 1)));
		*end++ = '\n';
	}
	wipe(code->data, (size_t)code->width * (size_t)code->width);
	QRcode_free(code);
	return out;
}
