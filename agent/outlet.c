/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outlet.c - see outlet.h. */
#include "agent/outlet.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/parse.h"

void outlet_init(struct outlet *outlet, struct channel *channel)
{
	memset(outlet, 0, sizeof(*outlet));
	pthread_mutex_init(&outlet->lock, NULL);
	outlet->channel = channel;
}

void outlet_done(struct outlet *outlet)
{
	pthread_mutex_destroy(&outlet->lock);
}

uint64_t outlet_connect(struct outlet *outlet, uint64_t nonce)
{
	uint64_t connection;

	pthread_mutex_lock(&outlet->lock);
	outlet->channel->nonce = nonce;
	outlet->channel->sent = 0;
	outlet->open = true;
	connection = ++outlet->connection;
	pthread_mutex_unlock(&outlet->lock);
	return connection;
}

void outlet_disconnect(struct outlet *outlet)
{
	pthread_mutex_lock(&outlet->lock);
	outlet->open = false;
	pthread_mutex_unlock(&outlet->lock);
}

void outlet_set_node(struct outlet *outlet, uint8_t node)
{
	pthread_mutex_lock(&outlet->lock);
	outlet->node = node;
	pthread_mutex_unlock(&outlet->lock);
}

static bool is_over(const struct outlet *outlet, uint64_t connection)
{
	return !outlet->open || (connection && connection != outlet->connection);
}

/* Send what stands at channel_payload(); the mutex is held. */
static void send_locked(struct outlet *outlet, uint16_t type, size_t size)
{
	if (channel_send(outlet->channel, type, size, TIME_NONE, NULL, NULL) < 0)
		outlet->open = false;
}

void outlet_send(struct outlet *outlet, uint64_t connection, uint16_t type, const uint8_t *payload,
		 size_t size)
{
	pthread_mutex_lock(&outlet->lock);
	if (!is_over(outlet, connection)) {
		memcpy(channel_payload(outlet->channel), payload, size);
		send_locked(outlet, type, size);
	}
	pthread_mutex_unlock(&outlet->lock);
}

void outlet_pong(struct outlet *outlet, uint64_t c0, uint64_t n1)
{
	size_t size;

	pthread_mutex_lock(&outlet->lock);
	if (!is_over(outlet, 0)) {
		size = message_encode_pong(c0, n1, clock_ns(), channel_payload(outlet->channel));
		send_locked(outlet, MESSAGE_PONG, size);
	}
	pthread_mutex_unlock(&outlet->lock);
}

void outlet_event(struct outlet *outlet, uint64_t connection, enum event_kind kind,
		  const char *text)
{
	struct record record = {.type = RECORD_EVENT, .event = {.kind = kind}};
	size_t size;

	record.event.time = clock_ns();
	printable(text, strlen(text), record.event.text, sizeof(record.event.text));
	pthread_mutex_lock(&outlet->lock);
	if (!is_over(outlet, connection)) {
		record.event.node = outlet->node;
		size = record_encode(&record, channel_payload(outlet->channel));
		send_locked(outlet, MESSAGE_RECORDS, size);
	}
	pthread_mutex_unlock(&outlet->lock);
}

void outlet_failed(struct outlet *outlet, uint64_t connection, uint32_t request,
		   const struct error *why)
{
	struct message_failed failed = {.request = request, .kind = (uint8_t)why->kind};
	uint8_t payload[sizeof(failed) + 16];
	size_t size;

	printable(why->text, strlen(why->text), failed.text, sizeof(failed.text));
	size = message_encode_failed(&failed, payload);
	outlet_send(outlet, connection, MESSAGE_FAILED, payload, size);
}
