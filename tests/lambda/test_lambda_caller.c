/* Who may call, by what the gateway says and by tokens of the host. */
#include "lambda/caller.h"

#include "base/error.h"
#include "fixture.h"

#include <stdio.h>

static struct lambda_settings settings = {.upload_token = "", .operator_token = ""};

/* The subject, or the code of the refusal; "-": nobody was asked. */
static const char *caller(const char *auth, const char *bearer, const char *event_text)
{
    static char text[128];
    const struct app_trigger trigger = {.auth = auth};
    const struct app_header header = {.name = "authorization", .value = bearer};
    const struct app_head head = {
        .method = "GET", .path = "/", .query = "", .headers = &header, .header_count = bearer != NULL};
    pxm_value *event = json(event_text), *user = NULL;
    pxm_error error = {0};

    pxm_status status = lambda_caller_find(&settings, &trigger, &head, event, &user, &error);
    snprintf(text, sizeof text, "%s",
             status != PXM_OK ? error.code : (user ? pxm_value_as_string(pxm_value_get(user, "subject"), NULL) : "-"));
    assert_true(status == PXM_OK || status == PXM_E_DENIED);
    pxm_value_unref(event);
    pxm_value_unref(user);
    return text;
}

static const char jwt[] = "{'requestContext':{'authorizer':{'jwt':{'claims':{'sub':'ann'}}}}}";

static int reset(void **state)
{
    (void)state;
    settings = (struct lambda_settings){.upload_token = "", .operator_token = ""};
    return 0;
}

static void whom_the_gateway_let_in_may_upload(void **state)
{
    (void)state;
    assert_string_equal(caller("token", NULL, jwt), "ann");
    assert_string_equal(caller("token", "Bearer eyJ", jwt), "ann");
    assert_string_equal(caller("token", NULL, "{'requestContext':{'authorizer':{'claims':{'sub':'bob'}}}}"), "bob");
    assert_string_equal(caller("token", NULL, "{'requestContext':{'authorizer':{'iam':{'userArn':'arn:x'}}}}"),
                        "arn:x");
    assert_string_equal(caller("token", NULL, "{'requestContext':{'authorizer':{'principalId':'cy'}}}"), "cy");
}

static void what_a_client_says_of_itself_counts_for_nothing(void **state)
{
    static const char *const events[] = {
        "{}",
        "{'headers':{'sub':'eve'},'body':'{\\'sub\\':\\'eve\\'}'}",
        "{'authorizer':{'jwt':{'claims':{'sub':'eve'}}}}",
        "{'requestContext':{'authorizer':{'jwt':{'claims':{'sub':''}}}}}",
        "{'requestContext':{'authorizer':{'jwt':{'claims':{'sub':7}}}}}",
        "{'requestContext':{'authorizer':{'jwt':{'claims':null}}}}",
        "{'requestContext':{'authorizer':null,'identity':{'userArn':null}}}",
    };
    (void)state;

    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        assert_string_equal(caller("token", NULL, events[i]), "auth.missing");
        assert_string_equal(caller("token", "Bearer x", events[i]), "auth.invalid");
    }
}

static void the_hosts_own_tokens_are_taken(void **state)
{
    (void)state;
    settings.upload_token = "upload-secret";
    settings.operator_token = "operator-secret";
    assert_string_equal(caller("token", "Bearer upload-secret", "{}"), "token");
    assert_string_equal(caller("token", "Bearer operator-secret", "{}"), "operator");
    assert_string_equal(caller("operator", "bearer operator-secret", "{}"), "operator");
    assert_string_equal(caller("operator", "Bearer upload-secret", "{}"), "auth.invalid");
    assert_string_equal(caller("operator", NULL, jwt), "auth.missing");
    assert_string_equal(caller("token", "upload-secret", "{}"), "auth.invalid");
}

static void a_token_that_is_not_set_is_nobodys(void **state)
{
    (void)state;
    assert_string_equal(caller("token", "Bearer ", "{}"), "auth.invalid");
    assert_string_equal(caller("operator", "Bearer ", "{}"), "auth.invalid");
}

static void anybody_may_upload_only_where_it_is_said(void **state)
{
    (void)state;
    settings.open = true;
    assert_string_equal(caller("token", NULL, "{}"), "local");
    assert_string_equal(caller("operator", NULL, "{}"), "auth.missing");
    assert_string_equal(caller("token", NULL, jwt), "ann");
}

static void other_auths(void **state)
{
    (void)state;
    assert_string_equal(caller(NULL, NULL, jwt), "-");
    assert_string_equal(caller("users", NULL, "{}"), "-"); /* its resource is asked later */
    assert_string_equal(caller("users", NULL, jwt), "ann");
    assert_string_equal(caller("signed", NULL, jwt), "auth.missing");
}

static void claims_come_along_and_cannot_rename_the_subject(void **state)
{
    const struct app_trigger trigger = {.auth = "token"};
    const struct app_head head = {.method = "GET", .path = "/", .query = ""};
    pxm_value *user = NULL;
    pxm_value *event =
        json("{'requestContext':{'authorizer':{'jwt':{'claims':{'sub':'ann','subject':'eve','email':'a@b'}}}}}");
    (void)state;

    assert_int_equal(lambda_caller_find(&settings, &trigger, &head, event, &user, NULL), PXM_OK);
    assert_string_equal(pxm_value_as_string(pxm_value_get(user, "subject"), NULL), "ann");
    assert_string_equal(pxm_value_as_string(pxm_value_get(user, "email"), NULL), "a@b");
    pxm_value_unref(user);
    pxm_value_unref(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whom_the_gateway_let_in_may_upload, reset),
        cmocka_unit_test_setup(what_a_client_says_of_itself_counts_for_nothing, reset),
        cmocka_unit_test_setup(the_hosts_own_tokens_are_taken, reset),
        cmocka_unit_test_setup(a_token_that_is_not_set_is_nobodys, reset),
        cmocka_unit_test_setup(anybody_may_upload_only_where_it_is_said, reset),
        cmocka_unit_test_setup(other_auths, reset),
        cmocka_unit_test_setup(claims_come_along_and_cannot_rename_the_subject, reset),
    };
    return cmocka_run_group_tests_name("lambda: callers", tests, NULL, NULL);
}
