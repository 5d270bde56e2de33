/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_ignored.c - ssh_internal.h: what libssh 0.10 passes over in silence.
 *
 * `ssh HOST` works and we do not: then it is mostly one of these. Only Host blocks are looked at,
 * by ssh_config(5)'s patterns; a Match block is passed over.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "site/ssh_internal.h"

static const char *const passed_over[] = {
	"HostKeyAlias",	    "IdentitiesOnly",	    "CertificateFile",	"ServerAliveInterval",
	"AddressFamily",    "ServerAliveCountMax",  "BatchMode",	"CheckHostIP",
	"ControlMaster",    "CanonicalizeHostname", "CanonicalDomains", "ControlPath",
	"PermitRemoteOpen", "RemoteCommand",	    "PKCS11Provider",
};

/* Whether the patterns of a Host line are of this host. */
static bool is_of(char *patterns, const char *host)
{
	bool found = false;
	char *word, *save;

	for (word = strtok_r(patterns, " \t\"", &save); word;
	     word = strtok_r(NULL, " \t\"", &save)) {
		if (*word == '!' && !fnmatch(word + 1, host, 0))
			return false;
		found |= *word != '!' && !fnmatch(word, host, 0);
	}
	return found;
}

static void note(const char *word, char *ret, size_t size)
{
	size_t used = strlen(ret);

	if (strstr(ret, word))
		return;
	snprintf(ret + used, size - used, "%s%s",
		 used ? ", " : "libssh passes over these of ~/.ssh/config: ", word);
}

static void look_at(const char *path, const char *host, char *ret, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[1024], *at, *rest;
	bool ours = true;
	size_t i;

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\r\n")] = '\0';
		at = line + strspn(line, " \t");
		rest = at + strcspn(at, " \t=");
		if (*rest)
			*rest++ = '\0';
		rest += strspn(rest, " \t=");
		if (!strcasecmp(at, "Host"))
			ours = is_of(rest, host);
		else if (!strcasecmp(at, "Match"))
			ours = false;
		for (i = 0; ours && i < sizeof(passed_over) / sizeof(passed_over[0]); i++) {
			if (!strcasecmp(at, passed_over[i]))
				note(passed_over[i], ret, size);
		}
	}
	if (file)
		fclose(file);
}

void ssh_ignored(const char *file, const char *host, char *ret, size_t size)
{
	const char *home = getenv("HOME");
	char path[4096];

	ret[0] = '\0';
	if (file) {
		look_at(file, host, ret, size);
		return;
	}
	snprintf(path, sizeof(path), "%s/.ssh/config", home ? home : "");
	look_at(path, host, ret, size);
	look_at("/etc/ssh/ssh_config", host, ret, size);
}
