// OpenSSL 3, and what Swift cannot import of it: macros as functions. No state.
#pragma once

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

// Typed constants: the headers' macros import with different Swift types, or not at all.
static const unsigned int ht_host_flags =
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

// To be called first. The library is not taken down as the process ends: another thread may be using it.
// 1, or 0 on failure.
static inline int ht_initialize(void) { return OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); }

// What a client's context needs: TLS 1.2 or later and no renegotiation, writes of which a part may
// go through, no buffers in idle connections, and sessions that are handed out, not kept.
// 1, or 0 on failure.
static inline int ht_prepare_client(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                     SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(
        context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
}

// The server name indication (RFC 6066 section 3). 1, or 0 on failure.
static inline int ht_set_server_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name) == 1;
}

// A reader that never asks a person for a password.
static inline int ht_no_password(char *buffer, int size, int writing, void *data) {
    (void)buffer, (void)size, (void)writing, (void)data;
    return -1;
}

static inline X509 *ht_read_certificate(BIO *pem) {
    return PEM_read_bio_X509(pem, NULL, ht_no_password, NULL);
}

// Whether an error says no more than that a PEM text has no further block.
static inline int ht_is_end_of_pem(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// Whether an error says that the peer's first octets are no TLS.
static inline int ht_is_no_tls(unsigned long error) {
    int reason = ERR_GET_REASON(error);
    return ERR_GET_LIB(error) == ERR_LIB_SSL &&
           (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
            reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST);
}

// Writes the DNS names and addresses that the peer's certificate is for, with ", " between them and
// "..." where `capacity` ends; an empty text when there are none or there is no certificate.
// Octets other than visible ASCII become '?'.
static inline void ht_certificate_names(SSL *ssl, char *text, size_t capacity) {
    static const char more[] = "...";
    size_t used = 0;
    text[0] = 0;
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    X509 *certificate = chain ? sk_X509_value(chain, 0) : NULL;
    if (!certificate) return;
    GENERAL_NAMES *names =
        (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char one[INET6_ADDRSTRLEN > 256 ? INET6_ADDRSTRLEN : 256] = "";
        if (name->type == GEN_DNS) {
            int length = ASN1_STRING_length(name->d.dNSName);
            snprintf(one, sizeof one, "%.*s", length, ASN1_STRING_get0_data(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
            if (family == AF_INET || ASN1_STRING_length(name->d.iPAddress) == 16)
                inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), one, sizeof one);
        }
        if (!one[0]) continue;
        for (char *c = one; *c; c++)
            if (*c <= ' ' || *c > '~') *c = '?';
        size_t length = strlen(one) + (used ? 2 : 0);
        // The mark of what is left out always fits.
        if (used + length + 2 + sizeof more > capacity) {
            snprintf(text + used, capacity - used, "%s%s", used ? ", " : "", more);
            break;
        }
        used += (size_t)snprintf(text + used, capacity - used, "%s%s", used ? ", " : "", one);
    }
    GENERAL_NAMES_free(names);
}
