/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt_uri.c - see libvirt_uri.h.
 *
 * As libvirt reads them: parameters end at & or ;, their names are compared without regard to case
 * and may be encoded, which nobody does who has nothing to hide.
 */
#include "plan/libvirt_uri.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
	const char *at;
	size_t size;
};

static bool is(struct text text, const char *word)
{
	return text.size == strlen(word) && !strncasecmp(text.at, word, text.size);
}

static const char *objection(struct text name, struct text value)
{
	if (memchr(name.at, '%', name.size))
		return "has a parameter whose name is encoded with %; write it as it is";
	if (is(name, "no_verify"))
		return "'no_verify' would believe any host; leave it out, and put the host's key "
		       "into known_hosts (or its certificate's authority where libvirt looks)";
	if (is(name, "known_hosts_verify") && !is(value, "normal"))
		return "'known_hosts_verify' would believe any host, unless it is 'normal'; leave "
		       "it out, and put the host's key into known_hosts";
	return NULL;
}

const char *libvirt_uri_objection(const char *uri)
{
	const char *at = strchr(uri, '?'), *why = NULL;
	struct text name, value;

	while (at && !why) {
		at++;
		name = (struct text){at, strcspn(at, "=&;#")};
		at += name.size;
		if (*at == '=')
			at++;
		value = (struct text){at, strcspn(at, "&;#")};
		at += value.size;
		why = objection(name, value);
		at = *at == '&' || *at == ';' ? at : NULL;
	}
	return why;
}
