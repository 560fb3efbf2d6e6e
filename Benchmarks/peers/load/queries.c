#include "queries.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 12, TYPE_AND_CLASS = 4, TYPE_A = 1, TYPE_AAAA = 28, TYPE_HTTPS = 65 };

static uint16_t read16(const uint8_t *octets) { return (uint16_t)(octets[0] << 8 | octets[1]); }

static uint32_t read32(const uint8_t *octets) {
    return (uint32_t)read16(octets) << 16 | read16(octets + 2);
}

static void write16(uint8_t *octets, uint16_t value) {
    octets[0] = (uint8_t)(value >> 8);
    octets[1] = (uint8_t)value;
}

// Puts `text` on the wire, with the place of its first '#' and without the '#'.
static bool parse_name(struct query_set *set, const char *text) {
    size_t length = 0;
    while (*text) {
        size_t label = length++, octets = strcspn(text, ".");
        if (octets == 0 || octets > 50 || length + octets > 200) return false;
        for (size_t i = 0; i < octets; i++) {
            if (text[i] == '#' && set->number_at == 0) {
                set->number_label = label;
                set->number_at = length;
            } else {
                set->name[length++] = (uint8_t)text[i];
            }
        }
        set->name[label] = (uint8_t)(length - label - 1);
        text += octets + (text[octets] == '.');
    }
    set->name[length++] = 0;
    set->name_length = length;
    return true;
}

static bool parse_address(const char *text, uint32_t *address) {
    struct in_addr parsed;
    if (inet_pton(AF_INET, text, &parsed) != 1) return false;
    *address = ntohl(parsed.s_addr);
    return true;
}

bool query_set_parse(struct query_set *set, const char *text) {
    char type[16], name[201], address[32], new_address[32];
    *set = (struct query_set){0};
    int fields = sscanf(text, "%u:%15[^:]:%200[^:]:%u:%31[^:]:%31s", &set->weight, type, name,
                        &set->names, address, new_address);
    if (fields < 5 || set->weight == 0 || !parse_name(set, name)) return false;
    set->type = strcmp(type, "A") == 0       ? TYPE_A
                : strcmp(type, "AAAA") == 0  ? TYPE_AAAA
                : strcmp(type, "HTTPS") == 0 ? TYPE_HTTPS
                                             : (uint16_t)atoi(type);
    if (strcmp(address, "none") == 0) return true;
    char *plus = strchr(address, '+');
    if (plus) *plus = 0;
    set->has_address = true;
    set->is_address_counted = plus != NULL;
    return parse_address(address, &set->address) &&
           (fields < 6 || parse_address(new_address, &set->new_address));
}

// The question for the name with `number`; its length.
static size_t write_question(const struct query_set *set, uint32_t number, uint8_t *octets) {
    size_t length = set->name_length;
    if (set->number_at == 0) {
        memcpy(octets, set->name, length);
    } else {
        uint8_t digits[10];
        size_t count = 0;
        do digits[count++] = (uint8_t)('0' + number % 10);
        while (number /= 10);
        memcpy(octets, set->name, set->number_at);
        for (size_t i = 0; i < count; i++) octets[set->number_at + i] = digits[count - 1 - i];
        memcpy(octets + set->number_at + count, set->name + set->number_at,
               length - set->number_at);
        octets[set->number_label] = (uint8_t)(octets[set->number_label] + count);
        length += count;
    }
    write16(octets + length, set->type);
    write16(octets + length + 2, 1);
    return length + TYPE_AND_CLASS;
}

size_t query_write(const struct query_set *set, uint32_t number, uint16_t id, uint8_t *octets) {
    static const uint8_t header[HEADER] = {0, 0, 1, 0, 0, 1};  // RD, one question
    memcpy(octets, header, HEADER);
    write16(octets, id);
    return HEADER + write_question(set, number, octets + HEADER);
}

// Where the record's type is, behind its owner name; 0 if the message ends first.
static size_t skip_owner(const uint8_t *octets, size_t length, size_t at) {
    while (at < length && octets[at] != 0) {
        if (octets[at] >= 0xc0) return at + 2;
        at += 1u + octets[at];
    }
    return at < length ? at + 1 : 0;
}

enum verdict answer_judge(const struct query_set *set, uint32_t number, const uint8_t *octets,
                          size_t length) {
    uint8_t question[QUERY_SIZE];
    size_t question_length = write_question(set, number, question);
    if (length < HEADER + question_length || read16(octets + 4) != 1 ||
        memcmp(octets + HEADER, question, question_length) != 0) return ANSWER_WRONG;
    bool is_response = octets[2] & 0x80, is_truncated = octets[2] & 0x02;
    if (!is_response || is_truncated || (octets[3] & 0x0f) != 0) return ANSWER_WRONG;
    uint16_t answers = read16(octets + 6);
    if (!set->has_address) return answers == 0 ? ANSWER_RIGHT : ANSWER_WRONG;

    size_t record = skip_owner(octets, length, HEADER + question_length);
    if (answers == 0 || record == 0 || record + 14 > length ||
        read16(octets + record) != TYPE_A || read16(octets + record + 8) != 4)
        return ANSWER_WRONG;
    uint32_t address = read32(octets + record + 10) - (set->is_address_counted ? number : 0);
    if (address == set->address) return ANSWER_RIGHT;
    return set->new_address != 0 && address == set->new_address ? ANSWER_RIGHT_AND_NEW
                                                                : ANSWER_WRONG;
}
