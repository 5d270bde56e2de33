/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fault.c - see fault.h. */
#include "plan/fault.h"

#include <stdio.h>
#include <string.h>

#include "common/parse.h"

static const struct fault faults[] = {
	{"none", FAULT_NONE, 0, true},
	{"guest-kill-a", FAULT_GUEST_KILL, 0, false},
	{"guest-kill-b", FAULT_GUEST_KILL, 1, false},
	{"host-crash-a", FAULT_HOST_CRASH, 0, false},
	{"host-crash-b", FAULT_HOST_CRASH, 1, false},
	{"guest-pause-a", FAULT_GUEST_PAUSE, 0, true},
	{"guest-pause-b", FAULT_GUEST_PAUSE, 1, true},
	{"cache-drop-a", FAULT_CACHE_DROP, 0, true},
	{"cache-drop-b", FAULT_CACHE_DROP, 1, true},
	{"replication-cut", FAULT_REPLICATION_CUT, 0, false},
	{"cluster-cut", FAULT_CLUSTER_CUT, 0, false},
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

const struct fault *fault_find(const char *name, struct error *err)
{
	const char *names[FAULTS];
	unsigned i;

	for (i = 0; i < FAULTS; i++)
		names[i] = faults[i].name;
	return parse_name(name, names, FAULTS, "fault", &i, err) < 0 ? NULL : &faults[i];
}

/* "none, guest-pause-a or cache-drop-b": those that are carried out. */
static void list_carried_out(char *ret, size_t size)
{
	size_t used = 0;
	unsigned i, left = 0;

	ret[0] = 0;
	for (i = 0; i < FAULTS; i++)
		left += faults[i].carried_out;
	for (i = 0; i < FAULTS && used < size; i++) {
		if (!faults[i].carried_out)
			continue;
		left--;
		used += (size_t)snprintf(ret + used, size - used, "%s%s", faults[i].name,
					 left > 1    ? ", "
					 : left == 1 ? " or "
						     : "");
	}
}

const struct fault *fault_find_carried_out(const char *name, struct error *err)
{
	const struct fault *fault = fault_find(name, err);
	char list[256];

	if (!fault || fault->carried_out)
		return fault;
	list_carried_out(list, sizeof(list));
	error_set(err, ERROR_USER, "fault: '%s' is not supported by this version; use %s", name,
		  list);
	return NULL;
}

int fault_moment_parse(const char *text, struct fault_moment *ret, struct error *err)
{
	static const char *const forms[] = {"after %20[0-9] operations%n", "round %20[0-9]%n"};
	struct fault_moment moment = {FAULT_AT_RANDOM, 0};
	char number[21];
	unsigned i;
	int end;

	for (i = 0; i < 2; i++) {
		end = 0;
		if (sscanf(text, forms[i], number, &end) != 1 || !end || text[end])
			continue;
		moment.when = i ? FAULT_IN_ROUND : FAULT_AFTER;
		if (parse_u64(number, UINT32_MAX, "fault-at", &moment.n, err) < 0)
			return -1;
	}
	if (strcmp(text, "random") != 0 && !moment.n)
		return error_set(err, ERROR_USER,
				 "fault-at: 'random', 'after N operations' or 'round N' is "
				 "expected (N from 1), not '%s'",
				 text);
	*ret = moment;
	return 0;
}
