/* The two trusted ends of a sandboxed run, in one small program. docs/judge.md has the whole picture.
 *
 * runner launch UID GID NICE FDS JOIN-FILE,... -- BWRAP ARG...
 *     Outside: keeps the first FDS descriptors, joins the cgroups, drops from root to an ordinary user, becomes bubblewrap.
 *
 * runner init CPU_MS WALL_MS AS FSIZE STACK NOFILE NPROC COLLECT COLLECT_BYTES -- PROGRAM ARG...
 *     Inside, as process 1: waits for the word to start, which brings the program's input and output; runs the program
 *     under rlimits, watches its clocks, kills and reaps whatever is left, copies out what was asked for, and writes
 *     one line about it. Word and line go by CONTROL_FD, a socket to the worker: when the worker shuts it, or dies,
 *     everything here ends. Process 1 is not dumpable and takes no signal from inside, so the program can neither read
 *     it, write in its name, nor end it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL_FD = 3, COLLECT_FD = 4 };
enum { EXIT_SETUP = 70 };
/* A program works as long as it has a tenth of a processor; then it may take so many times the wall limit. */
enum { BUSY_SHARE = 10, BUSY_FACTOR = 4 };
/* Among the first so many processes of a run those are looked for that work. */
enum { LOOKED_AT = 4096 };

static void die(const char *what) {
    dprintf(2, "runner: %s: %s\n", what, strerror(errno));
    _exit(EXIT_SETUP);
}

static long long number(const char *text) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || end == text) die(text);
    return value;
}

static int64_t now_us(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t)) return -1;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t timeval_us(struct timeval t) { return (int64_t)t.tv_sec * 1000000 + t.tv_usec; }

static void close_from(int first) {
    if (syscall(SYS_close_range, first, ~0U, 0))
        for (int fd = first; fd < 1024; fd++) close(fd);
}

/* --- outside --------------------------------------------------------------------------------------------- */

static void write_once(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) die(path);
    close(fd);
}

static int launch(int argc, char **argv) {
    if (argc < 9 || strcmp(argv[7], "--")) return EXIT_SETUP;
    uid_t uid = (uid_t)number(argv[2]);
    gid_t gid = (gid_t)number(argv[3]);
    for (char *path = strtok(argv[6], ","); path; path = strtok(NULL, ",")) write_once(path, "0");
    if (geteuid() == 0) {
        /* As root bubblewrap would map the program to root's own user outside. */
        if (uid == 0 || gid == 0) return EXIT_SETUP;
        if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)) die("drop privileges");
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
    /* Not 0: the kernel hands a core to a program named in core_pattern at any limit but 1 (fs/coredump.c). Here, since
       inside the filter forbids to change it. */
    struct rlimit core = {1, 1};
    if (setrlimit(RLIMIT_CORE, &core)) die("setrlimit");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
    /* A worker that was started as less urgent stays so: its programs may not be more urgent than it. */
    int nice = (int)number(argv[4]);
    if (nice > getpriority(PRIO_PROCESS, 0) && setpriority(PRIO_PROCESS, 0, nice)) die("setpriority");
    close_from((int)number(argv[5]));
    execv(argv[8], argv + 8);
    die(argv[8]);
    return EXIT_SETUP;
}

/* --- inside ---------------------------------------------------------------------------------------------- */

static void limit(int resource, long long value) {
    struct rlimit r = {(rlim_t)value, (rlim_t)value};
    if (value >= 0 && setrlimit(resource, &r)) die("setrlimit");
}

static void write_all(int fd, const void *data, size_t size) {
    const char *p = data;
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n <= 0) _exit(EXIT_SETUP);
        p += n, size -= (size_t)n;
    }
}

/* A file that the program left, as "<name> <bytes>\n<data>"; whatever is no plain file is not there. */
static int64_t collect_file(int dir, const char *path, const char *name, int64_t room) {
    int fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0) return 0;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || strchr(name, '\n') || st.st_size > room) {
        int64_t over = S_ISREG(st.st_mode) && st.st_size > room ? -1 : 0;
        close(fd);
        return over;
    }
    char *data = malloc((size_t)st.st_size + 1);
    int64_t size = 0;
    ssize_t n;
    while (data && size < st.st_size && (n = read(fd, data + size, (size_t)(st.st_size - size))) > 0) size += n;
    close(fd);
    if (data) {
        dprintf(COLLECT_FD, "%s %lld\n", name, (long long)size);
        write_all(COLLECT_FD, data, (size_t)size);
    }
    free(data);
    return size;
}

/* Returns 1 where there was more than `room` bytes. */
static int collect(const char *path, int64_t room) {
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return collect_file(AT_FDCWD, path, "main", room) < 0;
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        int64_t size = collect_file(fd, entry->d_name, entry->d_name, room);
        if (size < 0) return 1;
        room -= size + 256;
        if (room < 0) return 1;
    }
    return 0;
}

/* The word to start, with the program's input and output. None comes where the sandbox is not used, or the worker died. */
static void await_start(void) {
    char word;
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } room;
    struct iovec data = {&word, 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &room, .msg_controllen = sizeof room};
    if (recvmsg(CONTROL_FD, &message, MSG_CMSG_CLOEXEC) != 1) _exit(EXIT_SETUP);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int given[2];
    if (!header || header->cmsg_len != CMSG_LEN(sizeof given)) _exit(EXIT_SETUP);
    memcpy(given, CMSG_DATA(header), sizeof given);
    for (int fd = 0; fd < 2; fd++) {
        if (dup2(given[fd], fd) < 0) die("dup2");
        close(given[fd]);
    }
}

static void run_program(char **argv, char **limits) {
    long long cpu_seconds = (number(limits[0]) + 999) / 1000 + 1;
    struct rlimit cpu = {(rlim_t)cpu_seconds, (rlim_t)cpu_seconds + 1};
    if (setrlimit(RLIMIT_CPU, &cpu)) die("setrlimit");
    limit(RLIMIT_AS, number(limits[2]));
    limit(RLIMIT_FSIZE, number(limits[3]));
    limit(RLIMIT_STACK, number(limits[4]));
    limit(RLIMIT_NOFILE, number(limits[5]));
    limit(RLIMIT_NPROC, number(limits[6]));
    limit(RLIMIT_MEMLOCK, 64 * 1024);
    limit(RLIMIT_MSGQUEUE, 0);
    limit(RLIMIT_SIGPENDING, 256);
    setsid();
    close_from(3);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(argv[0], argv);
    dprintf(2, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* CPU time of all that live, whoever's children they are: this takes a millisecond. */
static int64_t living_us(void) {
    int64_t sum = 0;
    for (pid_t pid = 2; pid < LOOKED_AT; pid++) {
        clockid_t clock;
        if (clock_getcpuclockid(pid, &clock)) continue;
        int64_t own = now_us(clock);
        if (own > 0) sum += own;
    }
    return sum;
}

static int init(int argc, char **argv) {
    if (argc < 13 || strcmp(argv[11], "--")) return EXIT_SETUP;
    if (prctl(PR_SET_DUMPABLE, 0)) die("dumpable");
    fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC);
    fcntl(COLLECT_FD, F_SETFD, FD_CLOEXEC);
    int64_t cpu_limit = number(argv[2]) * 1000, wall_limit = number(argv[3]) * 1000;
    int64_t busy_wall_limit = wall_limit * BUSY_FACTOR;

    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ended, NULL);
    struct pollfd events[] = {{signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK), POLLIN, 0},
                              {CONTROL_FD, POLLRDHUP, 0}};
    if (events[0].fd < 0) die("signalfd");

    await_start();
    int64_t started = now_us(CLOCK_MONOTONIC);
    /* It shares this memory until it is the program: nothing needs to be copied for the few calls until then. */
    pid_t program = vfork();
    if (program < 0) die("vfork");
    if (program == 0) run_program(argv + 12, argv + 2);
    /* What is left open here would keep a pipe alive that the program has closed. */
    close(0);
    close(1);

    const char *why = "exit";
    int status = 0, reaped = 0;
    for (;;) {
        int ended;
        pid_t pid = waitpid(-1, &ended, WNOHANG);
        if (pid > 0) {
            reaped++;
            if (pid != program) continue;
            status = ended;
            break;
        }
        int64_t wall = now_us(CLOCK_MONOTONIC) - started;
        clockid_t clock;
        struct rusage children;
        getrusage(RUSAGE_CHILDREN, &children);
        int64_t reaped_cpu = timeval_us(children.ru_utime) + timeval_us(children.ru_stime), cpu = reaped_cpu;
        if (!clock_getcpuclockid(program, &clock)) {
            int64_t own = now_us(clock);
            if (own > 0) cpu += own;
        }
        if (wall > wall_limit && cpu <= wall / BUSY_SHARE) cpu = reaped_cpu + living_us();
        if (events[1].revents) why = "stop";
        else if (cpu > cpu_limit) why = "cpu";
        else if (wall > wall_limit) {
            /* On a busy machine a program that works may take its time; one that sleeps may not. */
            if (cpu > wall / BUSY_SHARE && wall < busy_wall_limit) wall_limit = wall + 200000;
            else why = "wall";
        }
        if (*why != 'e') {
            kill(-1, SIGKILL);
            wall_limit = cpu_limit = INT64_MAX;
            events[1].fd = -1;
        }
        /* No process gains more than one second a second on each processor; look again when it could be over. */
        int64_t until = wall_limit - wall, spare = cpu_limit - cpu;
        if (spare < until) until = spare;
        if (until > 200000) until = 200000;
        until += 1000;
        struct timespec pause = {until / 1000000, until % 1000000 * 1000};
        ppoll(events, 2, &pause, NULL);
        struct signalfd_siginfo which;
        if (read(events[0].fd, &which, sizeof which) < 0 && errno != EAGAIN) die("signalfd");
    }
    int64_t wall = now_us(CLOCK_MONOTONIC) - started;

    /* Nothing outlives its run: all others die, and are reaped, so that their time counts too. */
    pid_t pid;
    do {
        kill(-1, SIGKILL);
        pid = waitpid(-1, NULL, 0);
        if (pid > 0) reaped++;
    } while (pid > 0 || errno == EINTR);
    struct rusage all;
    getrusage(RUSAGE_CHILDREN, &all);

    int over = strcmp(argv[9], "-") && *why == 'e' ? collect(argv[9], number(argv[10])) : 0;
    dprintf(CONTROL_FD, "%s %d %d %lld %lld %ld %d %d\n", why, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
            WIFEXITED(status) ? WEXITSTATUS(status) : 0,
            (long long)(timeval_us(all.ru_utime) + timeval_us(all.ru_stime)), (long long)wall, all.ru_maxrss, reaped,
            over);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "launch")) return launch(argc, argv);
    if (argc > 1 && !strcmp(argv[1], "init")) return init(argc, argv);
    return EXIT_SETUP;
}
