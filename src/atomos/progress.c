/* SPDX-License-Identifier: MIT */
/* How far a long step is, told to a person: a bar on a terminal, plain lines elsewhere.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "atomos/progress.h"

#define BAR_WIDTH 24
#define BAR_INTERVAL 0.1    /* seconds between two drawings */
#define LINE_INTERVAL 10.0  /* seconds between two plain lines of one step */
#define STILL_INTERVAL 60.0 /* the same while nothing advances: a sign of life */

struct progress {
	FILE *out;
	bool quiet, terminal, drawn;
	char *what, *detail;
	uint64_t done, total;
	uint64_t told; /* `done` of the last line */
	double last;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct progress *progress_new(FILE *out, bool quiet)
{
	struct progress *p = xcalloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	p->out = out;
	p->quiet = quiet;
	p->terminal = isatty(fileno(out)) && term && !streq(term, "dumb");
	return p;
}

void progress_clear(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", p->out);
	p->drawn = false;
	fflush(p->out);
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	progress_clear(p);
	free(p->what);
	free(p->detail);
	free(p);
}

/* "step: detail", as much as fits beside the bar. */
static void draw_bar(struct progress *p)
{
	_cleanup_free_ char *words =
		p->detail ? xasprintf("%s: %s", p->what, p->detail) : xstrdup(p->what);
	uint64_t full = p->total ? MIN(p->done, p->total) * BAR_WIDTH / p->total : 0;
	char bar[BAR_WIDTH + 1];

	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = 0;
	fputs("\r\033[K", p->out);
	if (p->total)
		fprintf(p->out, "[%s] %3" PRIu64 "%% %.48s", bar,
			MIN(p->done, p->total) * 100 / p->total, words);
	else
		fprintf(p->out, "%.76s", words);
	fflush(p->out);
	p->drawn = true;
}

static void write_line(struct progress *p)
{
	if (p->total && p->done)
		fprintf(p->out, "%s (%" PRIu64 "%%)\n", p->what,
			MIN(p->done, p->total) * 100 / p->total);
	else
		fprintf(p->out, "%s\n", p->what);
	fflush(p->out);
}

/* Seconds until the step is worth telling again. */
static double interval(const struct progress *p, uint64_t done)
{
	if (p->terminal)
		return BAR_INTERVAL;
	return done == p->told ? STILL_INTERVAL : LINE_INTERVAL;
}

void progress_step(struct progress *p, uint64_t done, uint64_t total, const char *what,
		   const char *detail)
{
	double t = now();
	bool fresh = !p->what || !streq(p->what, what);

	if (p->quiet)
		return;
	if (fresh) {
		free(p->what);
		p->what = xstrdup(what);
	}
	free(p->detail);
	p->detail = detail ? xstrdup(detail) : NULL;
	p->done = done;
	p->total = total;
	if (!fresh && t - p->last < interval(p, done))
		return;
	p->last = t;
	p->told = done;
	if (p->terminal)
		draw_bar(p);
	else
		write_line(p);
}

void progress_report(void *context, uint64_t done, uint64_t total, const char *what)
{
	progress_step(context, done, total, what, NULL);
}
