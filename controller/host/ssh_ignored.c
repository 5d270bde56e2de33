/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_ignored.c - ssh_internal.h: what libssh 0.10 passes over in silence.
 *
 * `ssh HOST` works and we do not: then it is mostly one of these. Host blocks are looked at by
 * ssh_config(5)'s patterns, included files are followed, a Match block is passed over. Only what
 * bears on which host is reached, how it is known and who logs in is told; who forwards his screen
 * does not miss it here.
 */
#include <fnmatch.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/ssh_internal.h"

#define DEPTH_MAX 16 /* of files that include files, as ssh has it */

/* Whether it is passed over with this value; NULL: with any. */
struct directive {
	const char *name;
	bool (*is_passed_over)(const char *value);
};

/* "+ssh-rsa": libssh knows whole lists only. */
static bool changes_a_list(const char *value)
{
	return strchr("+-^", *value) && *value;
}

/* Only the first of several files is read. */
static bool is_several(const char *value)
{
	size_t first = strcspn(value, " \t");

	return value[first + strspn(value + first, " \t")] && value[0] != '"';
}

/* An unknown key is never good enough for us. */
static bool is_not_strict(const char *value)
{
	return strcasecmp(value, "yes") != 0 && strcasecmp(value, "ask") != 0;
}

static const struct directive directives[] = {
	{"AddressFamily"},
	{"BatchMode"},
	{"CanonicalDomains"},
	{"CanonicalizeFallbackLocal"},
	{"CanonicalizeHostname"},
	{"CanonicalizeMaxDots"},
	{"CanonicalizePermittedCNAMEs"},
	{"CertificateFile"},
	{"CheckHostIP"},
	{"Ciphers", changes_a_list},
	{"ConnectionAttempts"},
	{"ControlMaster"},
	{"ControlPath"},
	{"HostbasedAuthentication"},
	{"HostKeyAlgorithms", changes_a_list},
	{"HostKeyAlias"},
	{"IdentitiesOnly"},
	{"KexAlgorithms", changes_a_list},
	{"KnownHostsCommand"},
	{"MACs", changes_a_list},
	{"NoHostAuthenticationForLocalhost"},
	{"PKCS11Provider"},
	{"PreferredAuthentications"},
	{"ProxyUseFdpass"},
	{"PubkeyAcceptedAlgorithms", changes_a_list},
	{"RemoteCommand"},
	{"RevokedHostKeys"},
	{"SecurityKeyProvider"},
	{"ServerAliveCountMax"},
	{"ServerAliveInterval"},
	{"StrictHostKeyChecking", is_not_strict},
	{"UserKnownHostsFile", is_several},
	{"VerifyHostKeyDNS"},
};

/* Whether the patterns of a Host line are of this host. */
static bool is_of(char *patterns, const char *host)
{
	const int flags = FNM_NOESCAPE | FNM_CASEFOLD;
	bool found = false;
	char *word, *save;

	for (word = strtok_r(patterns, " \t\"", &save); word;
	     word = strtok_r(NULL, " \t\"", &save)) {
		if (*word == '!' && !fnmatch(word + 1, host, flags))
			return false;
		found |= *word != '!' && !fnmatch(word, host, flags);
	}
	return found;
}

struct search {
	const char *host, *folder; /* of files that are included without a folder */
	char *ret;
	size_t size;
	bool told[sizeof(directives) / sizeof(directives[0])];
};

static void note(struct search *search, size_t i)
{
	size_t used = strlen(search->ret);

	if (!search->told[i])
		snprintf(search->ret + used, search->size - used, "%s%s",
			 used ? ", " : "libssh passes over these of ~/.ssh/config: ",
			 directives[i].name);
	search->told[i] = true;
}

static void look_at(struct search *search, const char *path, int depth);

static void include(struct search *search, char *patterns, int depth)
{
	char path[4096], *word, *save;
	glob_t found;
	size_t i;

	for (word = strtok_r(patterns, " \t\"", &save); word && depth < DEPTH_MAX;
	     word = strtok_r(NULL, " \t\"", &save)) {
		bool whole = *word == '/' || *word == '~';

		snprintf(path, sizeof(path), "%s%s%s", whole ? "" : search->folder,
			 whole ? "" : "/", word);
		if (glob(path, GLOB_TILDE, NULL, &found))
			continue;
		for (i = 0; i < found.gl_pathc; i++)
			look_at(search, found.gl_pathv[i], depth + 1);
		globfree(&found);
	}
}

/* Cut a line at its word; returns the value behind it, without blanks and newline at its ends. */
static char *cut(char *line, char **ret_word)
{
	char *value;
	size_t n;

	*ret_word = line + strspn(line, " \t");
	value = *ret_word + strcspn(*ret_word, " \t=\r\n");
	if (*value)
		*value++ = '\0';
	value += strspn(value, " \t=");
	for (n = strlen(value); n && strchr(" \t\r\n", value[n - 1]); n--)
		value[n - 1] = '\0';
	return value;
}

static void look_at(struct search *search, const char *path, int depth)
{
	FILE *file = fopen(path, "re");
	char line[1024], *word, *value;
	bool ours = true;
	size_t i;

	while (file && fgets(line, sizeof(line), file)) {
		value = cut(line, &word);
		if (!strcasecmp(word, "Host"))
			ours = is_of(value, search->host);
		else if (!strcasecmp(word, "Match"))
			ours = false;
		else if (ours && !strcasecmp(word, "Include"))
			include(search, value, depth);
		for (i = 0; ours && i < sizeof(directives) / sizeof(directives[0]); i++) {
			if (!strcasecmp(word, directives[i].name) &&
			    (!directives[i].is_passed_over || directives[i].is_passed_over(value)))
				note(search, i);
		}
	}
	if (file)
		fclose(file);
}

void ssh_ignored(const char *file, const char *host, char *ret, size_t size)
{
	const char *home = getenv("HOME");
	char folder[2048], path[4096];
	struct search search = {.host = host, .folder = folder, .ret = ret, .size = size};

	ret[0] = '\0';
	snprintf(folder, sizeof(folder), "%s/.ssh", home ? home : "");
	snprintf(path, sizeof(path), "%s/config", folder);
	look_at(&search, file ? file : path, 0);
	if (file)
		return;
	search.folder = "/etc/ssh";
	look_at(&search, "/etc/ssh/ssh_config", 0);
}
