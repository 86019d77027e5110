/* Over TLS: only whoever has a certificate that is trusted is talked to. */
#include "bucket.h"
#include "conformance/storage.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEM_MAX = 8192, DAY_S = 86400, LARGE_BYTES = (12 << 20) + 5 };

#define CERTIFICATE_FILE "certificate.pem"

static void take_pem(BIO *bio, char pem[PEM_MAX])
{
    int length = BIO_read(bio, pem, PEM_MAX - 1);
    assert_true(length > 0);
    pem[length] = '\0';
    BIO_free(bio);
}

/* A new key with a certificate that it signed itself, for a host. */
static void make_certificate(const char *name, char key_pem[PEM_MAX], char certificate_pem[PEM_MAX])
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *key_bio = BIO_new(BIO_s_mem()), *certificate_bio = BIO_new(BIO_s_mem());
    char alternative[128];
    assert_true(key && certificate && key_bio && certificate_bio);
    snprintf(alternative, sizeof alternative, "%s", name);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), DAY_S);
    X509_set_pubkey(certificate, key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"gate", -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative);
    assert_non_null(names);
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_bio_X509(certificate_bio, certificate), 1);
    take_pem(key_bio, key_pem);
    take_pem(certificate_bio, certificate_pem);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* The gate behind TLS, with a certificate for that name, which is in CERTIFICATE_FILE. */
static void use_tls(struct fixture *fixture, const char *name, const char *ca_file)
{
    static char key[PEM_MAX], certificate[PEM_MAX], url[64];
    make_certificate(name, key, certificate);
    FILE *file = fopen(CERTIFICATE_FILE, "w");
    assert_non_null(file);
    assert_true(fputs(certificate, file) >= 0);
    assert_int_equal(fclose(file), 0);
    snprintf(url, sizeof url, "https://127.0.0.1:%d", gate_tls(key, certificate));
    conformance_set_string(bucket_driver()->unit, place_config(), "endpoint", url);
    conformance_set_string(bucket_driver()->unit, place_config(), "ca_file", ca_file);
    place_reopen(fixture);
}

static void a_certificate_that_is_trusted_is_good(void **state)
{
    struct fixture *fixture = *state;
    use_tls(fixture, "IP:127.0.0.1", CERTIFICATE_FILE);
    must_put(fixture, "k", 3 << 20, 1);
    must_have(fixture, "k", 3 << 20, 1);
    assert_int_equal(strncmp(field_text(fixture, "url"), "https://", 8), 0);
    setenv("AWS_CA_BUNDLE", CERTIFICATE_FILE, 1);
    conformance_set_string(bucket_driver()->unit, place_config(), "ca_file", NULL);
    place_reopen(fixture);
    must_have(fixture, "k", 3 << 20, 1);
    unlink(CERTIFICATE_FILE);
}

static void a_certificate_that_is_not_trusted_ends_it(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(10, 1);
    use_tls(fixture, "IP:127.0.0.1", NULL);
    assert_fault(fixture, store_put(fixture, "k", &plan, 0), PXM_E_INVALID, "store.unavailable", "ca_file");
    use_tls(fixture, "DNS:other.example", CERTIFICATE_FILE);
    assert_fault(fixture, store_put(fixture, "k", &plan, 0), PXM_E_INVALID, "store.unavailable", "ca_file");
    assert_int_equal(gate_requests(NULL), 0);
    conformance_set_string(bucket_driver()->unit, place_config(), "ca_file", "/nonexistent");
    place_reopen(fixture);
    assert_fault(fixture, store_put(fixture, "k", &plan, 0), PXM_E_INVALID, "store.unavailable", "ca_file");
    unlink(CERTIFICATE_FILE);
}

static void a_body_that_is_cut_under_tls_arrives_whole(void **state)
{
    struct fixture *fixture = *state;
    use_tls(fixture, "IP:127.0.0.1", CERTIFICATE_FILE);
    must_put(fixture, "k", 300000, 1);
    gate_faults("[{'method':'GET','cut':100000},{'method':'GET','reset':'before'}]");
    must_have(fixture, "k", 300000, 1);
    unlink(CERTIFICATE_FILE);
}

/* How the payload of parts was signed: -1 by their hash, 1 not at all, 0: neither for all of them, or there is none. */
static int signing_of_parts(const struct fixture *fixture)
{
    const struct pxm_host *host = fixture->host;
    pxm_value *state = gate_state();
    const pxm_value *log = host->value_get(state, "log");
    int count = 0, without = 0;
    for (size_t i = 0; i < host->value_count(log); i++) {
        const pxm_value *entry = host->value_at(log, i), *headers = host->value_get(entry, "headers");
        const char *url = host->value_as_string(host->value_get(entry, "url"), NULL);
        const char *payload = host->value_as_string(host->value_get(headers, "x-amz-content-sha256"), NULL);
        count += strstr(url, "partNumber=") != NULL;
        without += strstr(url, "partNumber=") && strcmp(payload, "UNSIGNED-PAYLOAD") == 0;
    }
    host->value_unref(state);
    return count == 0 ? 0 : without == count ? 1 : without == 0 ? -1 : 0;
}

static void use_unsigned_parts(void)
{
    const struct pxm_unit *unit = bucket_driver()->unit;
    conformance_set_choice(unit, place_config(), "sign_parts", 1);
    conformance_set_int(unit, place_config(), "multipart_above", 5 << 20);
    conformance_set_int(unit, place_config(), "part_size", 5 << 20);
}

static void put_large(struct fixture *fixture)
{
    uint8_t *bytes = malloc(LARGE_BYTES);
    assert_non_null(bytes);
    body_fill(bytes, 1, 0, LARGE_BYTES);
    pxm_blob *blob = fixture->host->blob_new(bytes, LARGE_BYTES, free, bytes);
    pxm_stream *body = fixture->host->stream_of_blob(blob);
    struct pxm_put put = {.struct_size = sizeof put, .key = "large", .body = body};
    assert_status(fixture, store_put_with(fixture, &put), PXM_OK);
    fixture->host->stream_close(body);
    fixture->host->blob_unref(blob);
    must_have(fixture, "large", LARGE_BYTES, 1);
}

static void parts_go_unsigned_over_tls_where_that_is_chosen(void **state)
{
    struct fixture *fixture = *state;
    struct body_plan plan = body_plan(LARGE_BYTES, 2);
    use_unsigned_parts();
    use_tls(fixture, "IP:127.0.0.1", CERTIFICATE_FILE);
    put_large(fixture);
    plan.announced = -1;
    assert_status(fixture, store_put(fixture, "stream", &plan, 0), PXM_OK);
    must_have(fixture, "stream", LARGE_BYTES, 2);
    assert_int_equal(signing_of_parts(fixture), 1);
    unlink(CERTIFICATE_FILE);
}

static void parts_are_always_signed_without_tls(void **state)
{
    struct fixture *fixture = *state;
    use_unsigned_parts();
    place_reopen(fixture);
    put_large(fixture);
    assert_int_equal(signing_of_parts(fixture), -1);
}

int main(void)
{
    struct conformance_driver *driver = bucket_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_certificate_that_is_trusted_is_good, driver),
        FIXTURE_TEST(a_certificate_that_is_not_trusted_ends_it, driver),
        FIXTURE_TEST(a_body_that_is_cut_under_tls_arrives_whole, driver),
        FIXTURE_TEST(parts_go_unsigned_over_tls_where_that_is_chosen, driver),
        FIXTURE_TEST(parts_are_always_signed_without_tls, driver),
    };
    return cmocka_run_group_tests_name("s3: tls", tests, NULL, NULL);
}
