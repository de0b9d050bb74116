/*
 * DIRECTORY/mgmt: sockets that carry the kernel's management protocol, one
 * packet each. Whose command does what is ble_adapter.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sble;
struct sble_client;
struct sble_mgmt;

#define SBLE_CLIENTS_MAX 16
#define MGMT_INDEX_NONE 0xffff

int sble_mgmt_new(struct sble *b);
void sble_mgmt_free(struct sble *b);
/* A number that no other client ever has; 0 for NULL. */
uint32_t sble_client_number(const struct sble_client *c);
/* NULL when it has left. */
struct sble_client *sble_client_by_number(struct sble *b, uint32_t number);

void sble_mgmt_event(struct sble *b, uint16_t index, uint16_t code, const void *p, size_t n,
	const struct sble_client *skip);
/* The same of an advertisement, which is lost where a client reads too slowly. Returns whether
 * one took it. */
bool sble_mgmt_report(struct sble *b, uint16_t index, uint16_t code, const void *p, size_t n);
/* Command Complete and Command Status; nothing when c is NULL. */
void sble_mgmt_complete(struct sble *b, struct sble_client *c, uint16_t opcode, uint16_t index,
	uint8_t status, const void *p, size_t n);
void sble_mgmt_status(
	struct sble *b, struct sble_client *c, uint16_t opcode, uint16_t index, uint8_t status);
/* Ends all sockets, as when the stack is taken away. */
void sble_mgmt_hang_up(struct sble *b);
