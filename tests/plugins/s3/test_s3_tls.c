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

enum { PEM_MAX = 8192, DAY_S = 86400 };

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
    conformance_set_string(bucket_driver()->unit, bucket_config(), "endpoint", url);
    conformance_set_string(bucket_driver()->unit, bucket_config(), "ca_file", ca_file);
    bucket_reopen(fixture);
}

static void a_certificate_that_is_trusted_is_good(void **state)
{
    struct fixture *fixture = *state;
    use_tls(fixture, "IP:127.0.0.1", CERTIFICATE_FILE);
    must_put(fixture, "k", 3 << 20, 1);
    must_have(fixture, "k", 3 << 20, 1);
    assert_int_equal(strncmp(field_text(fixture, "url"), "https://", 8), 0);
    setenv("AWS_CA_BUNDLE", CERTIFICATE_FILE, 1);
    conformance_set_string(bucket_driver()->unit, bucket_config(), "ca_file", NULL);
    bucket_reopen(fixture);
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
    conformance_set_string(bucket_driver()->unit, bucket_config(), "ca_file", "/nonexistent");
    bucket_reopen(fixture);
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

int main(void)
{
    struct conformance_driver *driver = bucket_driver();
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_certificate_that_is_trusted_is_good, driver),
        FIXTURE_TEST(a_certificate_that_is_not_trusted_ends_it, driver),
        FIXTURE_TEST(a_body_that_is_cut_under_tls_arrives_whole, driver),
    };
    return cmocka_run_group_tests_name("s3: tls", tests, NULL, NULL);
}
