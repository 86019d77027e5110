/* What serialises the calls of a unit that cannot run beside itself. A unit of the serial model has one gate in the
 * whole process, as its plugin is mapped once however many engines there are. [any] */
#ifndef PXM_ENGINE_GATE_H
#define PXM_ENGINE_GATE_H

struct pxm_gate; /* opaque */

/* `key` NULL: a gate of its own; else the one of that address, shared with all that ask for it. NULL: no memory. */
struct pxm_gate *pxm_gate_acquire(const void *key);
void pxm_gate_release(struct pxm_gate *gate);
void pxm_gate_enter(struct pxm_gate *gate); /* not again by the same thread */
void pxm_gate_leave(struct pxm_gate *gate);

#endif
