/* Growing text and bytes with a mandatory cap. A failure (no memory, cap reached) sticks: check once, at the end. */
#ifndef PXM_BASE_BUF_H
#define PXM_BASE_BUF_H

#include <pixmill/plugin.h>
#include <stdarg.h>

struct pxm_buf {
    char *data;                   /* always ends in NUL; never NULL (an empty one points at a constant) */
    size_t length, capacity, max; /* max: bytes of content, without the NUL */
    pxm_status status;            /* PXM_OK, PXM_E_NO_MEMORY or PXM_E_LIMIT */
};

void pxm_buf_init(struct pxm_buf *buf, size_t max);
void pxm_buf_done(struct pxm_buf *buf);
void pxm_buf_clear(struct pxm_buf *buf);                   /* keeps the memory, forgets a failure */
void pxm_buf_truncate(struct pxm_buf *buf, size_t length); /* longer than the content: does nothing */
/* All that add leave the content as it was on failure; what is added must not lie in the buffer itself. */
pxm_status pxm_buf_add(struct pxm_buf *buf, const void *data, size_t length);
pxm_status pxm_buf_puts(struct pxm_buf *buf, const char *text);
pxm_status pxm_buf_putc(struct pxm_buf *buf, char c);
pxm_status pxm_buf_printf(struct pxm_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
pxm_status pxm_buf_vprintf(struct pxm_buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Adds `text` as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
pxm_status pxm_buf_json_string(struct pxm_buf *buf, const char *text, size_t length);
/* The content as malloc'd text, now the caller's. The buffer is empty again. After a failure NULL, and `status` still
 * tells which. */
char *pxm_buf_take(struct pxm_buf *buf);

#endif
