/* The schema is a document of its own: the tests' keys are few and do not depend on plugins. What a map of matchers
 * may hold is let through where a value may be anything; the runner itself tells of misspelt ones. */
#include "test_schema.h"

#include "base/error.h"
#include "base/json.h"

/* One string each may not be as long as all of it (C11, section 5.2.4.1). */
static const char *const parts[] = {
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"pixmill tests\",\"type\":\"object\","
    "\"required\":[\"version\",\"tests\"],\"additionalProperties\":false,\"properties\":{"
    "\"version\":{\"const\":1,\"description\":\"Version of the language.\"},"
    "\"summary\":{\"type\":\"string\",\"description\":\"What is tested.\"},"
    "\"tests\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/test\"},\"description\":\"In the order they run.\"}},"
    "\"$defs\":{",
    /* ---- a test ---- */
    "\"test\":{\"type\":\"object\",\"required\":[\"name\",\"expect\"],\"additionalProperties\":false,\"properties\":{"
    "\"name\":{\"type\":\"string\",\"description\":\"What it shows.\"},"
    "\"given\":{\"$ref\":\"#/$defs/given\"},"
    "\"faults\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/fault\"},\"description\":\"Failures of steps.\"},"
    "\"expect\":{\"$ref\":\"#/$defs/expect\"}}},",
    /* ---- given ---- */
    "\"given\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"input\":{\"type\":\"object\",\"description\":\"Inputs by name; blobs are {file}, {text} or {generate}.\"},"
    "\"event\":{\"type\":\"object\",\"required\":[\"trigger\"],\"properties\":{\"trigger\":{\"type\":\"string\"}},"
    "\"description\":\"An event for one of the triggers, with what differs from others of its kind.\"},"
    "\"stores\":{\"type\":\"object\",\"description\":\"Objects by store and key.\",\"additionalProperties\":"
    "{\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/stored\"}}},"
    "\"tables\":{\"type\":\"object\",\"description\":\"Records by table and key.\",\"additionalProperties\":"
    "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\"}}}}},"
    "\"content\":{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":1,\"additionalProperties\":false,"
    "\"properties\":{\"file\":{\"type\":\"string\",\"description\":\"A file, from the folder of the tests.\"},"
    "\"text\":{\"type\":\"string\",\"description\":\"The bytes themselves.\"},"
    "\"generate\":{\"type\":\"object\",\"required\":[\"width\",\"height\"],\"additionalProperties\":false,"
    "\"description\":\"A picture of noise, the same for the same seed.\",\"properties\":{"
    "\"width\":{\"type\":\"integer\"},\"height\":{\"type\":\"integer\"},\"seed\":{\"type\":\"integer\"},"
    "\"format\":{\"enum\":[\"jpeg\",\"png\",\"webp\",\"avif\",\"gif\",\"tiff\"]}}}}},",
    /* An object is its bytes, and perhaps the texts that are kept with it. */
    "\"stored\":{\"type\":\"object\",\"minProperties\":1,\"maxProperties\":2,\"additionalProperties\":false,"
    "\"properties\":{\"file\":{\"$ref\":\"#/$defs/content/properties/file\"},"
    "\"text\":{\"$ref\":\"#/$defs/content/properties/text\"},"
    "\"generate\":{\"$ref\":\"#/$defs/content/properties/generate\"},"
    "\"meta\":{\"type\":\"object\",\"description\":\"Texts that are kept with it.\"}}},",
    /* ---- faults ---- */
    "\"fault\":{\"type\":\"object\",\"required\":[\"step\",\"error\"],\"additionalProperties\":false,\"properties\":{"
    "\"step\":{\"type\":\"string\",\"description\":\"Its id, or PIPELINE.ID of a pipeline that is called.\"},"
    "\"error\":{\"type\":\"string\",\"description\":\"The code, such as store.throttled.\"},"
    "\"times\":{\"type\":\"integer\",\"minimum\":1,\"description\":\"How many tries fail; 1 if not said.\"},"
    "\"message\":{\"type\":\"string\"},"
    "\"transient\":{\"type\":\"boolean\",\"description\":\"Whether it may pass; else the code tells.\"}}},",
    /* ---- expect ---- */
    "\"expect\":{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":false,\"properties\":{"
    "\"outcome\":{\"enum\":[\"ok\",\"failed\",\"stopped\"],\"description\":\"How the run ends.\"},"
    "\"error\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"step\":{},\"origin\":{},\"code\":{},\"message\":{},\"transient\":{}},\"description\":\"Why it failed.\"},"
    "\"output\":{\"description\":\"What it gives.\"},"
    "\"steps\":{\"type\":\"object\",\"description\":\"How steps ended, or how often how.\",\"additionalProperties\":{"
    "\"anyOf\":[{\"enum\":[\"ok\",\"skipped\",\"failed\",\"fallback\",\"stopped\"]},{\"type\":\"object\","
    "\"additionalProperties\":false,\"properties\":{\"ok\":{},\"skipped\":{},\"failed\":{},\"fallback\":{},"
    "\"stopped\":{}}}]}},"
    "\"attempts\":{\"type\":\"object\",\"description\":\"How often steps were tried.\"},"
    "\"stores\":{\"type\":\"object\",\"description\":\"Exactly these objects, unless `others: allow`.\","
    "\"additionalProperties\":{\"type\":\"object\",\"properties\":{\"others\":{\"const\":\"allow\"}},"
    "\"additionalProperties\":{\"$ref\":\"#/$defs/object\"}}},"
    "\"tables\":{\"type\":\"object\",\"description\":\"Exactly these records, unless `others: allow`.\","
    "\"additionalProperties\":{\"type\":\"object\",\"properties\":{\"others\":{\"const\":\"allow\"}},"
    "\"additionalProperties\":{\"type\":\"object\"}}},"
    "\"queues\":{\"type\":\"object\",\"description\":\"The messages of a queue, as a list.\"},"
    "\"peak_memory\":{\"type\":\"string\",\"description\":\"What the run may add to the process: <= 64MiB.\"}}},"
    "\"object\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"any\":{\"const\":true},\"absent\":{\"const\":true},\"image\":{\"$ref\":\"#/$defs/image\"},\"text\":{},"
    "\"file\":{\"type\":\"string\",\"description\":\"The same bytes as this file.\"},\"bytes\":{},"
    "\"content_type\":{},\"cache_control\":{},\"meta\":{}}},",
    /* ---- pictures ---- */
    "\"image\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"format\":{},\"width\":{},\"height\":{},\"frames\":{},\"has_alpha\":{},\"orientation\":{},"
    "\"icc\":{\"enum\":[\"none\",\"present\"]},\"exif\":{\"enum\":[\"none\",\"present\"]},"
    "\"gps\":{\"enum\":[\"none\",\"present\"]},\"bytes\":{},\"average\":{},"
    "\"like\":{\"type\":\"object\",\"required\":[\"file\"],\"additionalProperties\":false,"
    "\"description\":\"Looks as the golden file does.\",\"properties\":{\"file\":{\"type\":\"string\"},"
    "\"mean_de\":{},\"max_de\":{},\"dhash\":{}}}}}}}",
};

pxm_value *test_schema(const struct pxm_catalog *catalog)
{
    pxm_value *schema = NULL;
    struct pxm_buf buf;

    (void)catalog;
    pxm_buf_init(&buf, PXM_JSON_BYTES_MAX);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        pxm_buf_puts(&buf, parts[i]);
    }
    bool fine = buf.status == PXM_OK && pxm_json_parse(buf.data, buf.length, &schema, NULL) == PXM_OK;
    pxm_buf_done(&buf);
    return fine ? schema : NULL;
}
