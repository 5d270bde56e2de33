/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pacemaker.c - see pacemaker.h: the few attributes we want are found by name, in their element. */
#include "site/pacemaker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOT_INSTALLED 127 /* as a shell has it */
#define NOT_CONNECTED 102 /* CRM_EX_DISCONNECT: seen of 2.1.5 where the cluster is stopped */

enum pacemaker_here pacemaker_here(int status)
{
	switch (status) {
	case 0:
		return PACEMAKER_ANSWERS;
	case NOT_INSTALLED:
	case NOT_CONNECTED:
	case ENOTCONN: /* 1.1 ends with the number of the error itself */
		return PACEMAKER_ABSENT;
	default:
		return PACEMAKER_UNKNOWN;
	}
}

/* The value of an attribute within [at, end); false if there is none, or it does not fit. */
static bool attribute(const char *at, const char *end, const char *name, char *ret, size_t size)
{
	char key[64];
	const char *value, *quote;

	snprintf(key, sizeof(key), " %s=\"", name);
	value = memmem(at, (size_t)(end - at), key, strlen(key));
	if (!value)
		return false;
	value += strlen(key);
	quote = memchr(value, '"', (size_t)(end - value));
	if (!quote || (size_t)(quote - value) >= size)
		return false;
	memcpy(ret, value, (size_t)(quote - value));
	ret[quote - value] = 0;
	return true;
}

/* Whether an attribute `config` in there names a file NAME.xml. */
static bool starts_from(const char *at, const char *end, const char *domain)
{
	char wanted[300];

	snprintf(wanted, sizeof(wanted), "/%.256s.xml\"", domain);
	return memmem(at, (size_t)(end - at), "name=\"config\"", 13) &&
	       memmem(at, (size_t)(end - at), wanted, strlen(wanted));
}

bool pacemaker_resource_of(const char *cib, const char *domain, char *ret, size_t size)
{
	const char *at = cib, *head, *end;
	char type[64], id[128];

	while ((at = strstr(at, "<primitive "))) {
		head = strchr(at, '>');
		end = strstr(at, "</primitive>");
		if (!head)
			return false;
		if (!end || head[-1] == '/')
			end = head;
		if (attribute(at, head, "type", type, sizeof(type)) &&
		    attribute(at, head, "id", id, sizeof(id)) && !strcmp(type, "VirtualDomain") &&
		    (!strcmp(id, domain) || starts_from(at, end, domain))) {
			snprintf(ret, size, "%s", id);
			return true;
		}
		at = end;
	}
	return false;
}

bool pacemaker_manages(const char *crm_mon, const char *resource)
{
	const char *at = crm_mon, *end;
	char id[128], managed[8];

	while ((at = strstr(at, "<resource "))) {
		end = strchr(at, '>');
		if (!end)
			break;
		if (attribute(at, end, "id", id, sizeof(id)) && !strcmp(id, resource) &&
		    attribute(at, end, "managed", managed, sizeof(managed)))
			return strcmp(managed, "false") != 0;
		at = end;
	}
	return true;
}
