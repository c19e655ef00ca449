/* One frame to many sockets; built and called by fanout.py. */

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

/* Writes to `sent` how many bytes each socket took, or -errno. Returns how many sockets did not take all. */
int send_to_all(const int *sockets, int count, const char *frame, size_t size, int *sent)
{
    int incomplete = 0;
    for (int i = 0; i < count; i++) {
        ssize_t taken = send(sockets[i], frame, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent[i] = taken < 0 ? -errno : (int)taken;
        incomplete += taken != (ssize_t)size;
    }
    return incomplete;
}
