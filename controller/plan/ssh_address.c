/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_address.c - see ssh_address.h.
 *
 * Strict, and by libssh's own rules: it says nothing useful of a name that it refuses. They keep a
 * ProxyCommand, into which user and host are pasted, from running what nobody meant.
 */
#include "plan/ssh_address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "common/parse.h"

#define LABEL_MAX 63

static int not_of_the_form(const char *text, struct error *err)
{
	return error_set(err, ERROR_USER,
			 "ssh: '%s' is not user@host[:port], a name in ~/.ssh/config, or local",
			 text);
}

bool ssh_address_is_local(const char *text)
{
	return !text[0] || !strcmp(text, "local");
}

/* A copy of so many bytes; false if there is no room, or nothing to copy. */
static bool part(const char *from, size_t n, char *ret, size_t size)
{
	if (!n || n >= size)
		return false;
	memcpy(ret, from, n);
	ret[n] = '\0';
	return true;
}

static bool is_user(const char *user)
{
	const char *at;

	for (at = user; *at; at++) {
		if (!isgraph((unsigned char)*at) || strchr("'\"`;&<>|(){}$", *at))
			return false;
	}
	return user[0] != '-';
}

/* "fe80::1%eth0": the zone is not inet_pton's. */
static bool is_ipv6(const char *host)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr ignored;

	return part(host, strcspn(host, "%"), address, sizeof(address)) &&
	       inet_pton(AF_INET6, address, &ignored) == 1;
}

/* Labels of letters, digits and '-', which neither begins nor ends one. */
static bool is_name(const char *host)
{
	const char *label, *at;
	size_t n;

	for (label = host;; label += n + 1) {
		n = strcspn(label, ".");
		if (!n || n > LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
			return false;
		for (at = label; at < label + n; at++) {
			if (!isalnum((unsigned char)*at) && *at != '-')
				return false;
		}
		if (!label[n])
			return true;
	}
}

int ssh_address_parse(const char *text, struct ssh_address *ret, struct error *err)
{
	const char *at = strrchr(text, '@'), *host = at ? at + 1 : text, *end, *port = NULL;
	struct ssh_address address = {0};
	uint64_t number;

	if (at && !part(text, (size_t)(at - text), address.user, sizeof(address.user)))
		return not_of_the_form(text, err);
	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		port = end ? end + 1 : NULL;
	} else {
		end = strchr(host, ':');
		if (!end || strchr(end + 1, ':')) /* none, or an address of several */
			end = host + strlen(host);
		port = end;
	}
	if (!end || (*port && *port != ':') ||
	    !part(host, (size_t)(end - host), address.host, sizeof(address.host)))
		return not_of_the_form(text, err);
	if (*port) {
		if (parse_u64(port + 1, 65535, "port", &number, err) < 0)
			return error_prefix(err, "ssh: '%s'", text);
		if (!number)
			return not_of_the_form(text, err);
		address.port = (unsigned)number;
	}
	if (!is_user(address.user))
		return error_set(err, ERROR_USER, "ssh: '%s' is not the name of a user",
				 address.user);
	if (!is_ipv6(address.host) && !is_name(address.host))
		return error_set(err, ERROR_USER,
				 "ssh: '%s' is not the name of a host: libssh takes letters, "
				 "digits and '-' with '.' between them (not '_')",
				 address.host);
	*ret = address;
	return 0;
}
