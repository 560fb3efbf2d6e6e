// What is asked, and how an answer to it is judged.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The longest query that is written: a header, a name, type and class.
#define QUERY_SIZE 288

// Some names of one shape, their type, and the answer they must get.
struct query_set {
    unsigned weight;        // how often this set is chosen, beside those of the other sets
    uint16_t type;          // of the questions
    uint8_t name[256];      // on the wire, without the number
    size_t name_length;     // with the root's octet
    size_t number_label;    // where the label with the number has its length; 0 if there is none
    size_t number_at;       // where the number goes
    uint32_t names;         // how many there are; 0: each is asked for once only
    bool has_address;       // otherwise an answer without records is right
    bool is_address_counted;  // the number is added to the address
    uint32_t address;
    uint32_t new_address;   // as good as `address`, and noted when it is first seen; or 0
};

// What becomes of an answer.
enum verdict { ANSWER_RIGHT, ANSWER_RIGHT_AND_NEW, ANSWER_WRONG };

// Reads WEIGHT:TYPE:NAME:NAMES:ADDRESS[:NEWADDRESS], as `load`'s usage says it, into `set`.
bool query_set_parse(struct query_set *set, const char *text);

// Writes the query for the name with `number` to `octets` (QUERY_SIZE); its length.
size_t query_write(const struct query_set *set, uint32_t number, uint16_t id, uint8_t *octets);

// Whether `octets` are the answer to that query: flags, question, and the address in the first
// record. The ID has been looked at already.
enum verdict answer_judge(const struct query_set *set, uint32_t number, const uint8_t *octets,
                          size_t length);
