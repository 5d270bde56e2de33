/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_rules.c - see live_rules.h; docs/checker.md has the proofs.
 *
 * A -> B, "A comes before B", iff A.x[0] <= B.y[0] or A.x[1] <= B.y[1] (cluster.h). The loops run
 * over arrays without a branch, for the compiler to compare several clusters at once.
 */
#include "check/live_rules.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
	!defined(__SANITIZE_ADDRESS__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

WIDE bool rules_conflict(const struct clusters *c, unsigned v)
{
	const uint32_t *x0 = c->x[0], *x1 = c->x[1], *y0 = c->y[0], *y1 = c->y[1];
	uint32_t vx0 = x0[v], vx1 = x1[v], vy0 = y0[v], vy1 = y1[v], n = 0;
	unsigned i;

	for (i = 0; i < c->n; i++)
		n += ((x0[i] <= vy0) | (x1[i] <= vy1)) & ((vx0 <= y0[i]) | (vx1 <= y1[i]));
	/* v itself may be among them. */
	return n > (uint32_t)(vx0 <= vy0 || vx1 <= vy1);
}

/* Among the clusters that are not gone, those that come before v; v itself counts too. */
WIDE static uint32_t count_before(const struct clusters *c, const uint8_t *gone, unsigned v)
{
	const uint32_t *x0 = c->x[0], *x1 = c->x[1];
	uint32_t vy0 = c->y[0][v], vy1 = c->y[1][v], n = 0;
	unsigned i;

	for (i = 0; i < c->n; i++)
		n += ((x0[i] <= vy0) | (x1[i] <= vy1)) & !gone[i];
	return n;
}

static bool comes_before(const struct clusters *c, unsigned a, unsigned b)
{
	return c->x[0][a] <= c->y[0][b] || c->x[1][a] <= c->y[1][b];
}

static bool has_predecessor(const struct clusters *c, const uint8_t *gone, unsigned v)
{
	return count_before(c, gone, v) > (uint32_t)comes_before(c, v, v);
}

bool rules_ordered(const struct clusters *c)
{
	uint8_t gone[CLUSTERS_MAX];
	unsigned i, left = c->n, before;

	memset(gone, 0, c->n);
	do {
		before = left;
		for (i = 0; i < c->n; i++) {
			if (!gone[i] && !has_predecessor(c, gone, i)) {
				gone[i] = 1;
				left--;
			}
		}
	} while (left && left < before);
	return !left;
}

static bool is_established(const struct clusters *c, const uint32_t low[NODES][NODES], unsigned a)
{
	uint32_t x0 = c->x[0][a], x1 = c->x[1][a];

	return (x0 <= low[0][0] || x1 <= low[0][1]) && (x0 <= low[1][0] || x1 <= low[1][1]);
}

bool rules_established(const struct clusters *c, const uint32_t low[NODES][NODES])
{
	unsigned a;

	for (a = 0; a < c->n; a++) {
		if (c->id[a] != WRITE_ID_INITIAL && is_established(c, low, a))
			return true;
	}
	return false;
}

/* Mark what a proves superseded, and, streaming, proves as well as they do. */
WIDE static void superseded_by(const struct clusters *c, unsigned a, bool exact, uint8_t *gone)
{
	const uint32_t *x0 = c->x[0], *x1 = c->x[1], *y0 = c->y[0], *y1 = c->y[1];
	uint32_t ay0 = y0[a], ay1 = y1[a];
	uint8_t before = gone[a];
	unsigned i;

	for (i = 0; i < c->n; i++)
		gone[i] |= ((x0[i] <= ay0) | (x1[i] <= ay1)) &
			   (exact | ((ay0 >= y0[i]) & (ay1 >= y1[i])));
	gone[a] = before;
}

static unsigned forget_exact(struct clusters *c, const uint8_t *superseded, uint8_t *gone)
{
	unsigned i, n = 0, before;

	for (i = 0; i < c->n; i++)
		c->state[i] |= superseded[i] ? CLUSTER_CLOSED : 0;
	memset(gone, 0, c->n);
	do {
		before = n;
		for (i = 0; i < c->n; i++) {
			if (gone[i] || !(c->state[i] & CLUSTER_CLOSED) ||
			    has_predecessor(c, gone, i))
				continue;
			gone[i] = 1;
			n++;
		}
	} while (n > before);
	return n;
}

unsigned rules_forget(struct clusters *c, const uint32_t low[NODES][NODES], bool exact,
		      uint8_t *gone)
{
	uint8_t superseded[CLUSTERS_MAX];
	unsigned a, n = 0;

	memset(superseded, 0, c->n);
	for (a = 0; a < c->n; a++) {
		if (is_established(c, low, a))
			superseded_by(c, a, exact, superseded);
	}
	if (exact)
		return forget_exact(c, superseded, gone);
	memcpy(gone, superseded, c->n);
	for (a = 0; a < c->n; a++)
		n += gone[a];
	return n;
}
