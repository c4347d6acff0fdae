/* SPDX-License-Identifier: MIT */
/* Whether an installation without a question begins or is stopped: said by several
 * consoles, decided once. */
#pragma once

enum decision {
	DECISION_NONE,
	DECISION_BEGIN,
	DECISION_STOP,
};

/* Decides for everybody who looks into this directory, unless somebody has decided
 * already; returns what holds. DECISION_STOP when nothing can be written there. */
enum decision decision_make(const char *directory, enum decision wanted);

/* What was decided so far. */
enum decision decision_look(const char *directory);
