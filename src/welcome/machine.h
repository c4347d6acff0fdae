/* SPDX-License-Identifier: MIT */
/* What the running machine offers: network, its console. */
#pragma once

#include <stdbool.h>

/* There is a way to somewhere else. */
bool machine_network(void);
bool machine_network_in(const char *route, const char *route6);
/* There is a radio for networks. */
bool machine_wireless(void);
/* Waits until there is, at most so long, while NetworkManager is making a connection. */
void machine_wait_for_network(unsigned seconds);

void machine_use_keymap(const char *keymap);

/* Takes plymouth's picture off the screen, where there is one: a display manager does
 * that itself, but only behind the questions. */
void machine_end_splash(void);

/* The terminal that somebody logged in at ("tty1"), or NULL: sudo gives what it runs
 * another one. The caller frees it. */
char *machine_session_terminal(void);

/* Keeps the messages of systemd and of the kernel off the screen, or lets them come. */
void machine_mute(bool mute);
