/*
 * Inside of the CoAP server, shared by its files: server.c (the driver, the
 * sockets, configuration), clients.c (who speaks: sessions, identities, rates,
 * limits) and resources.c (what is served). Nobody else includes it; main.c
 * sees the driver (wardgate/driver.h).
 *
 * How the parts stand: a datagram comes from udp.h, through dtls.h to its
 * client, through message.h to resources.c, and from there to the gateway, all
 * in the same turn of the loop. The answer goes the same way back once the
 * gateway says "safe".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "coap/block.h"
#include "coap/dtls.h"
#include "coap/message.h"
#include "coap/timers.h"
#include "coap/udp.h"
#include "codec/senml.h"
#include "config/psk.h"
#include "gateway/gateway.h"
#include "wardgate/driver.h"

/* Plaintext peers remembered at once; that which is quiet for longest gives way. */
#define PLAIN_CLIENTS_MAX 256
/* "plaintext:<IP address>" is the identity of one who speaks without DTLS. */
#define PLAIN_IDENTITY_PREFIX "plaintext:"
#define SERVER_PROBLEM_MAX 256
/* A device tries again after so long when nothing can make its readings safe. */
#define RETRY_SECONDS 30

struct client;

struct client_list {
	struct client *first, *last; /* that which is quiet for longest first */
	size_t count;
};

/* An identity that has proved itself. That of a configured device lives with the device
 * (driver_data), so that its rate outlives its sessions; that of a stranger with its last client.
 */
struct owner {
	struct owner *next; /* of the strangers */
	char *identity;
	struct device *device; /* NULL: a stranger */
	struct client_list clients;
	int64_t tokens; /* millionths of a request */
	int64_t filled_us;
	const struct config *config; /* which senml was made from; compared, not used */
	struct senml_options senml;
	struct senml_unit *units;
	char *unit_text;
};

struct client_links {
	struct client *next, *previous;
};

/* One peer: a DTLS session, or an address that speaks without. */
struct client {
	struct messages messages; /* first, see client_of() */
	struct server *server;
	struct owner *owner;
	struct dtls_session *session; /* NULL: plaintext */
	struct udp_address address;
	struct timer timer;
	struct block_body body;
	struct client_links all, own; /* in the server's list of its kind, in the owner's */
};

static inline struct client *client_of(struct messages *m)
{
	return (struct client *)m;
}

/* A POST whose readings wait until they are safe. */
struct posted {
	struct client *client;
	struct exchange *exchange;
	struct receipt *receipt;
	bool has_block1;
	uint32_t block1;
};

struct server {
	sd_event *event;
	struct gateway *gateway;
	struct config *config;
	struct udp *secure, *plain; /* NULL while it cannot be opened; plain, too, without one */
	sd_event_source *secure_source, *plain_source, *timer_source;
	int64_t timer_us; /* what timer_source is set to, INT64_MAX: off */
	int64_t now_us;   /* of the turn */
	struct timers timers;
	struct dtls *dtls;
	struct psk_keys keys;
	struct client_list sessions, plain_clients;
	struct owner *strangers;
	struct block_pool blocks;
	struct timer block_timer, listen_timer;
	struct message_counters messages;
	uint64_t random; /* of a generator that need not be good */
	uint64_t accepted, refused;
	uint64_t limited; /* answered 4.29 */
	uint64_t evicted; /* sessions that gave way at a limit */
	bool quiesced;
	char problem[DTLS_PROBLEM_MAX]; /* of keys and certificates, "" when well */
	char deaf[SERVER_PROBLEM_MAX];  /* what cannot be opened, "" when all is */
	struct reading *readings;       /* SUBMISSION_MAX of them, for the pack in work */
	int64_t warned_us;              /* last warning of a refused handshake */
	uint64_t unwarned;              /* refused since */
};

/* server.c */

/* Sets the event source for what is due first. */
void server_arm(struct server *s);

/* clients.c */

/* The rows that dtls.h calls; userdata is the server. */
extern const struct dtls_ops clients_dtls_ops;
/* One datagram without DTLS; a udp_fn, userdata is the server. */
void clients_plain_datagram(
	void *userdata, const struct udp_address *a, uint8_t *bytes, size_t length);
/* Whether it may make one more request of that cost now (Rate=, Burst=). */
#define OWNER_REQUEST_COST INT64_C(1000000)
bool owner_take_tokens(struct owner *o, const struct server *s, int64_t cost);
/* The device behind a client, NULL for a stranger. A stranger that has been configured meanwhile
 * becomes its device's. */
struct device *client_device(struct client *c);
/* How SenML from that client's device is to be read. */
const struct senml_options *client_senml_options(struct client *c);
/* Sets the timer for what the client's exchanges wait for. */
void client_arm(struct client *c);
/* A device goes: its requests are answered 5.03, its clients become a stranger's. */
void clients_forget_device(struct server *s, struct device *d);
/* Ends all plaintext clients. */
void clients_drop_plain(struct server *s);
/* Frees what is left of all devices and strangers. All clients must be gone. */
void clients_done(struct server *s);

/* resources.c */

/* A request that was not seen before; answered now or later. */
void resources_request(struct client *c, struct exchange *x, const struct pdu *p);
/* Answers a waiting POST 5.03; for those whose device goes. */
void resources_turn_away(struct posted *p, const char *sentence);
/* A waiting POST whose client goes: nobody waits any more. */
void resources_abandon(struct posted *p);
