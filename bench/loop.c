/* The bare libvips loop that pixmill is measured against: the same thumbnails as bench/pipelines, made the best way
 * known.
 *
 *   bench-loop MODE SIZES COUNT THREADS FILE...
 *
 * MODE best: the largest JPEG shrink that leaves 1.5 times the largest size, that one resized, each next one from it.
 * MODE separate: each size by its own vips_thumbnail_buffer(). SIZES: "1280,640,256", largest first. One libvips thread
 * a worker, no operation cache, output JPEG Q80 in memory. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

enum { SIZES_MAX = 8, FILES_MAX = 64 };

static int sizes[SIZES_MAX];
static int size_count, file_count, count;
static bool separate;
static struct {
    char *data;
    size_t length;
} files[FILES_MAX];
static atomic_int next_image;

static void die(void)
{
    fprintf(stderr, "%s\n", vips_error_buffer());
    exit(1);
}

static void save(VipsImage *image)
{
    void *data = NULL;
    size_t length = 0;

    if (vips_jpegsave_buffer(image, &data, &length, "Q", 80, "strip", TRUE, NULL)) {
        die();
    }
    g_free(data);
}

static int longer(const VipsImage *image)
{
    return image->Xsize > image->Ysize ? image->Xsize : image->Ysize;
}

static VipsImage *resized(VipsImage *image, int size)
{
    VipsImage *out = NULL;
    double scale = (double)size / longer(image);

    if (scale >= 1) {
        g_object_ref(image);
        return image;
    }
    if (vips_resize(image, &out, rint(image->Xsize * scale) / image->Xsize, "vscale",
                    rint(image->Ysize * scale) / image->Ysize, NULL)) {
        die();
    }
    return out;
}

/* Opens the file with the largest shrink-on-load that leaves half as many pixels again as the target has. */
static VipsImage *load(char *data, size_t length, int size)
{
    VipsImage *image = vips_image_new_from_buffer(data, length, "", "access", VIPS_ACCESS_SEQUENTIAL, NULL);
    const char *loader = NULL;

    if (!image || vips_image_get_string(image, "vips-loader", &loader)) {
        die();
    }
    int shrink = 8;
    while (shrink > 1 && longer(image) / shrink < size * 1.5) {
        shrink /= 2;
    }
    if (strncmp(loader, "jpegload", 8) == 0 && shrink > 1) {
        g_object_unref(image);
        if (vips_jpegload_buffer(data, length, &image, "shrink", shrink, "access", VIPS_ACCESS_SEQUENTIAL, NULL)) {
            die();
        }
    }
    return image;
}

static void make_best(char *data, size_t length)
{
    VipsImage *parent = load(data, length, sizes[0]);

    for (int i = 0; i < size_count; i++) {
        VipsImage *small = resized(parent, sizes[i]);
        g_object_unref(parent);
        parent = small;
        if (size_count > 1) { /* read twice: by the encoder and by the next size */
            parent = vips_image_copy_memory(small);
            g_object_unref(small);
        }
        if (!parent) {
            die();
        }
        save(parent);
    }
    g_object_unref(parent);
}

static void make_separate(char *data, size_t length)
{
    for (int i = 0; i < size_count; i++) {
        VipsImage *small = NULL;
        if (vips_thumbnail_buffer(data, length, &small, sizes[i], "height", sizes[i], "size", VIPS_SIZE_DOWN, NULL)) {
            die();
        }
        save(small);
        g_object_unref(small);
    }
}

static void *work(void *arg)
{
    (void)arg;
    for (int i = atomic_fetch_add(&next_image, 1); i < count; i = atomic_fetch_add(&next_image, 1)) {
        char *data = files[i % file_count].data;
        size_t length = files[i % file_count].length;
        if (separate) {
            make_separate(data, length);
        } else {
            make_best(data, length);
        }
    }
    vips_thread_shutdown();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[64];

    if (argc < 6 || VIPS_INIT(argv[0])) {
        fprintf(stderr, "usage: bench-loop best|separate SIZES COUNT THREADS FILE...\n");
        return 2;
    }
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    separate = strcmp(argv[1], "separate") == 0;
    for (char *at = argv[2]; *at && size_count < SIZES_MAX; at += *at == ',') {
        sizes[size_count++] = (int)strtol(at, &at, 10);
    }
    count = (int)strtol(argv[3], NULL, 10);
    long thread_count = strtol(argv[4], NULL, 10);
    for (int i = 5; i < argc && file_count < FILES_MAX; i++, file_count++) {
        if (!g_file_get_contents(argv[i], &files[file_count].data, &files[file_count].length, NULL)) {
            fprintf(stderr, "%s cannot be read\n", argv[i]);
            return 1;
        }
    }
    for (long i = 0; i < thread_count && i < 64; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) {
            return 1;
        }
    }
    for (long i = 0; i < thread_count && i < 64; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
