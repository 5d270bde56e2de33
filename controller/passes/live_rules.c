/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_rules.c - see live_rules.h; docs/checker.md has the proofs.
 *
 * A -> B, "A comes before B", iff A.x[0] <= B.y[0] or A.x[1] <= B.y[1] (cluster.h; a shift of both
 * by one changes nothing). The loops run over arrays without a branch, for the compiler to compare
 * several clusters at once.
 */
#include "passes/live_rules.h"

#include <string.h>

#define FRONT_MAX 16U /* more are not needed: what they prove can wait */

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

/* The least two x of what is left, per node: all that precedence asks for. */
struct least {
	uint32_t value[NODES], second[NODES];
	unsigned of[NODES]; /* the cluster that has the least */
};

WIDE static uint32_t least_of(const uint32_t *x, unsigned n)
{
	uint32_t least = INDEX_NEVER;
	unsigned i;

	for (i = 0; i < n; i++)
		least = x[i] < least ? x[i] : least;
	return least;
}

/* x: of n clusters, INDEX_NEVER for those that are gone. */
static void find_least(uint32_t *x, unsigned n, unsigned m, struct least *ret)
{
	uint32_t value = least_of(x, n);
	unsigned i;

	for (i = 0; i < n && x[i] != value; i++)
		;
	ret->value[m] = ret->second[m] = value;
	ret->of[m] = i;
	if (i == n || value == INDEX_NEVER)
		return;
	x[i] = INDEX_NEVER;
	ret->second[m] = least_of(x, n);
	x[i] = value;
}

/* Some other cluster that is left comes before v. */
static bool has_predecessor(const struct clusters *c, const struct least *least, unsigned v)
{
	unsigned m;

	for (m = 0; m < NODES; m++) {
		uint32_t x = least->of[m] == v ? least->second[m] : least->value[m];

		if (x <= c->y[m][v])
			return true;
	}
	return false;
}

/* Take away, again and again, what may go (all, or what is closed) and has no predecessor left;
 * returns how many went. */
static unsigned take_away(const struct clusters *c, uint8_t closed, uint8_t *gone)
{
	uint32_t x[NODES][CLUSTERS_MAX];
	unsigned i, m, n = 0, before;
	struct least least;

	for (m = 0; m < NODES; m++) {
		memcpy(x[m], c->x[m], c->n * sizeof(x[m][0]));
		find_least(x[m], c->n, m, &least);
	}
	do {
		before = n;
		for (i = 0; i < c->n; i++) {
			if (gone[i] || (c->state[i] & closed) != closed ||
			    has_predecessor(c, &least, i))
				continue;
			gone[i] = 1;
			n++;
			for (m = 0; m < NODES; m++) {
				uint32_t was = x[m][i];

				x[m][i] = INDEX_NEVER;
				if (was <= least.second[m] && was != INDEX_NEVER)
					find_least(x[m], c->n, m, &least);
			}
		}
	} while (n > before);
	return n;
}

bool rules_ordered(const struct clusters *c)
{
	uint8_t gone[CLUSTERS_MAX];

	memset(gone, 0, c->n);
	return take_away(c, 0, gone) == c->n;
}

static bool is_established(const struct clusters *c, const uint32_t low[NODES][NODES], unsigned a)
{
	uint32_t x0 = c->x[0][a], x1 = c->x[1][a];

	return (x0 <= low[0][0] + 1 || x1 <= low[0][1] + 1) &&
	       (x0 <= low[1][0] + 1 || x1 <= low[1][1] + 1);
}

bool rules_established(const struct clusters *c, const uint32_t low[NODES][NODES])
{
	unsigned a;

	for (a = 0; a < c->n; a++) {
		if (c->id[a] != WRITE_ID_INITIAL && !(c->state[a] & CLUSTER_UNSEEN) &&
		    is_established(c, low, a))
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

/*
 * Established clusters of which none knows as much as another in both places: what any established
 * cluster proves superseded, one of these does (but for itself, which can wait). Returns how many.
 */
static unsigned find_front(const struct clusters *c, const uint32_t low[NODES][NODES],
			   unsigned front[FRONT_MAX])
{
	unsigned a, i, k, n = 0;

	for (a = 0; a < c->n; a++) {
		if (!is_established(c, low, a))
			continue;
		for (i = 0; i < n; i++) {
			if (c->y[0][front[i]] >= c->y[0][a] && c->y[1][front[i]] >= c->y[1][a])
				break;
		}
		if (i < n)
			continue;
		for (i = k = 0; i < n; i++) {
			if (c->y[0][a] < c->y[0][front[i]] || c->y[1][a] < c->y[1][front[i]])
				front[k++] = front[i];
		}
		n = k;
		if (n < FRONT_MAX)
			front[n++] = a;
	}
	return n;
}

unsigned rules_forget(struct clusters *c, const uint32_t low[NODES][NODES], bool exact,
		      uint8_t *gone)
{
	uint8_t superseded[CLUSTERS_MAX];
	unsigned front[FRONT_MAX], i, n = find_front(c, low, front);

	memset(superseded, 0, c->n);
	for (i = 0; i < n; i++)
		superseded_by(c, front[i], exact, superseded);
	if (exact) {
		for (i = 0; i < c->n; i++)
			c->state[i] |= superseded[i] ? CLUSTER_CLOSED : 0;
		memset(gone, 0, c->n);
		return take_away(c, CLUSTER_CLOSED, gone);
	}
	memcpy(gone, superseded, c->n);
	for (i = n = 0; i < c->n; i++)
		n += gone[i];
	return n;
}
