"""Programs that mean harm, each with the verdict it must get. One that only *tries* something prints 3 when it failed."""

from dataclasses import dataclass

OK, WA, TLE, MLE, OLE, RTE, CE = "AC", "WA", "TLE", "MLE", "OLE", "RTE", "CE"


@dataclass(frozen=True)
class Attack:
    name: str
    language: str
    source: str
    expected: str
    """Verdict codes that are right, separated by blanks."""
    detail: str = ""


def blocked(name: str, attempt: str) -> Attack:
    """Python whose attempt must raise an OSError or find nothing."""
    body = "\n".join("    " + line for line in attempt.strip().splitlines())
    source = (
        f"import os, sys\ntry:\n{body}\n    print('got through')\nexcept (OSError, IndexError) as e:\n    print(3)\n"
    )
    return Attack(name, "python3", source, OK)


def c(name: str, body: str, expected: str, detail: str = "", *, head: str = "") -> Attack:
    includes = "".join(
        f"#include <{h}.h>\n"
        for h in [
            "stdio",
            "stdlib",
            "string",
            "unistd",
            "signal",
            "errno",
            "fcntl",
            "pthread",
            "sys/mman",
            "sys/wait",
            "sys/syscall",
            "sys/resource",
        ]
    )
    source = f"#define _GNU_SOURCE\n{includes}{head}\nint main(int argc, char **argv) {{\n{body}\nreturn 0;\n}}\n"
    return Attack(name, "c", source, expected, detail)


def syscall_refused(name: str, call: str, head: str = "") -> Attack:
    body = f'long r = {call};\nif (r < 0) puts("3"); else printf("got %ld\\n", r);'
    return c(name, body, OK, head=head)


BURN_HEAD = (
    "#include <time.h>\n#define BURN clock_t until = clock() + CLOCKS_PER_SEC * 6 / 10; while (clock() < until)"
)
"""A child's work that is more than the limit."""

FIND_ANSWER = """
def walk(path, depth=0):
    for entry in os.scandir(path):
        try:
            if entry.is_dir(follow_symlinks=False) and depth < 4:
                walk(entry.path, depth + 1)
            elif entry.name.endswith(('.ans', '.sqlite3')) or entry.name == 'secret_key':
                raise SystemExit('found ' + entry.path)
        except OSError:
            pass
for top in os.listdir('/'):
    if top != 'usr':
        try:
            walk('/' + top)
        except OSError:
            pass
raise OSError
"""

ATTACKS = [
    # --- bombs
    # RTE where a cgroup counts the forks that it refuses, TLE where only rlimits refuse them.
    c("fork bomb", "for (;;) fork();", "RTE TLE"),
    c("fork bomb of sleepers", "for (int i = 0; i < 5000; i++) if (!fork()) { sleep(100); _exit(0); } pause();", "RTE TLE"),
    c(
        "thread bomb",
        "int n = 0; pthread_t t; while (n < 5000 && !pthread_create(&t, 0, nap, 0)) n++; puts(n < 200 ? \"3\" : \"many\");",
        OK,
        head="void *nap(void *x) { sleep(100); return x; }",
    ),
    c("memory bomb", "for (;;) { char *p = malloc(1 << 20); if (p) memset(p, 1, 1 << 20); }", "MLE RTE"),
    c(
        "memory bomb by mmap",
        "for (;;) { char *p = mmap(0, 1 << 22, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0); if (p == MAP_FAILED) abort(); }",
        "MLE RTE",
    ),
    c(
        "memory bomb by shared mmap",
        "for (;;) { char *p = mmap(0, 1 << 22, 3, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0); if (p == MAP_FAILED) abort(); }",
        "MLE RTE",
    ),
    c(
        "memory bomb in many children",
        "for (int i = 0; i < 16; i++) if (!fork()) { char *p = malloc(16 << 20); memset(p, 1, 16 << 20); pause(); } pause();",
        "MLE",
    ),
    Attack("memory bomb in Python", "python3", "x = [0] * (10**9)\n", "MLE RTE"),
    c("memory in files", "for (int i = 0; ; i++) { char n[32]; sprintf(n, \"/tmp/%d\", i); FILE *f = fopen(n, \"w\"); if (!f) abort(); for (int j = 0; j < 64; j++) { char b[65536]; memset(b, 1, 65536); if (fwrite(b, 1, 65536, f) < 65536) abort(); } fclose(f); }", "MLE RTE"),
    c("memory in memfd", "int fd = syscall(SYS_memfd_create, \"x\", 0); if (fd < 0) { puts(\"3\"); return 0; } puts(\"made\");", OK),
    Attack("endless output", "python3", "while True:\n    print('x' * 10000)\n", OLE),
    c("endless output to stderr", "for (;;) { char b[65536]; memset(b, 'x', 65536); if (write(2, b, 65536) < 0) abort(); }", OLE),
    c("huge file", "FILE *f = fopen(\"/tmp/x\", \"w\"); char b[65536] = {1}; for (;;) if (fwrite(b, 1, 65536, f) < 65536) { perror(\"\"); abort(); }", "OLE MLE RTE"),
    c("many files", "for (int i = 0; ; i++) { char n[32]; sprintf(n, \"/tmp/f%d\", i); int fd = open(n, O_CREAT | O_WRONLY, 0600); if (fd >= 0) close(fd); }", "TLE MLE"),
    c("deep directories", "for (;;) if (mkdir(\"d\", 0700) || chdir(\"d\")) abort();", "TLE MLE RTE"),
    c("stack overflow", "printf(\"%d\\n\", deep(1));", "RTE MLE", head="int deep(int n) { volatile char b[4096]; b[0] = (char)n; return deep(n + 1) + b[0]; }"),
    # --- time
    Attack("sleeping", "python3", "import time\ntime.sleep(1000)\n", TLE, "Idle"),
    c("busy loop", "for (volatile long i = 0; ; i++);", TLE),
    c("busy loop in a child", "if (!fork()) for (volatile long i = 0; ; i++); wait(0);", TLE),
    c("busy children that are left behind", "for (int i = 0; i < 3; i++) if (!fork()) for (volatile long j = 0; ; j++); struct timespec t = {0, 450000000}; nanosleep(&t, 0); puts(\"3\");", "TLE AC", head="#include <time.h>"),
    c("ignoring SIGTERM and SIGXCPU", "for (int s = 1; s < 64; s++) signal(s, SIG_IGN); for (volatile long i = 0; ; i++);", TLE),
    c("double fork with setsid", "if (!fork()) { setsid(); if (!fork()) { close(0); for (;;) sleep(1); } _exit(0); } puts(\"3\");", OK),
    c("raising its own CPU limit", "struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY}; if (setrlimit(RLIMIT_CPU, &r)) puts(\"3\"); else puts(\"raised\");", OK),
    c("lowering the limits of process 1", "struct rlimit r = {0, 0}; if (prlimit(1, RLIMIT_CPU, &r, 0)) puts(\"3\"); else puts(\"lowered\");", OK),
    # --- output
    Attack("closing stdout", "python3", "import os\nos.close(1)\n", WA),
    Attack("closing stdout, then working on", "python3", "import os\nos.close(1)\nos.close(2)\nwhile True: pass\n", TLE),
    Attack("invalid UTF-8 and NUL in output", "python3", "import os\nos.write(1, b'\\xff\\x00\\xfe3')\n", WA),
    Attack("invalid UTF-8 and NUL on stderr", "python3", "import os\nos.write(2, b'\\xff\\x00\\xfe')\nprint(3)\n", OK),
    Attack("a forged report on every descriptor", "python3", "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'exit 0 0 1 1 1 1 0\\n')\n    except OSError: continue\n    else: print('wrote to', fd)\nprint(3)\n", OK),
    # --- reading what is not its own
    blocked("/etc/shadow", "open('/etc/shadow').read()"),
    blocked("/etc/passwd", "open('/etc/passwd').read()"),
    blocked("root's home", "os.listdir('/root')"),
    blocked("the homes", "os.listdir('/home')"),
    blocked("the processes of others", "open('/proc/1/environ').read()"),
    blocked("its parent's memory", "open('/proc/%d/mem' % os.getppid(), 'rb').read(1)"),
    blocked("the kernel's settings", "open('/proc/sys/kernel/hostname').read()"),
    blocked("the cgroups", "os.listdir('/sys/fs/cgroup')"),
    blocked("the answers and the database", FIND_ANSWER),
    blocked("the project", "os.listdir('{project}')"),
    Attack("secrets in the environment", "python3", "import os\nbad = [k for k in os.environ if k not in ('PATH', 'HOME', 'LANG', 'TMPDIR', 'PWD', 'PYTHONHASHSEED', 'PYTHONUTF8', 'LC_CTYPE')]\nprint(3 if not bad else bad)\n", OK),
    Attack("inherited descriptors", "python3", "import os\nopen_ = []\nfor fd in range(3, 1024):\n    try: os.fstat(fd)\n    except OSError: continue\n    open_.append(fd)\nprint(3 if not open_ else open_)\n", OK),
    blocked("writing into the box", "open('/box/main.py', 'a').write('#')"),
    blocked("writing into the system", "open('/usr/bin/x', 'w')"),
    blocked("writing into the root", "open('/x', 'w')"),
    blocked("changing its own file's mode", "os.chmod('/box/main.py', 0o777)"),
    blocked("writing its own input", "os.write(0, b'x')"),
    blocked("the runner", "open('/runner', 'r+b')"),
    Attack("the descriptors of process 1", "javascript", "const fs = require('fs');\nconst got = [];\nfor (const path of ['/proc/1/fd', '/proc/1/fdinfo', '/proc/1/task/1/fd']) try { got.push(fs.readdirSync(path)) } catch (e) {}\nfor (let fd = 0; fd < 16; fd++) try { got.push(fs.openSync('/proc/1/fd/' + fd, 'r+')) } catch (e) {}\nfor (const name of ['environ', 'mem', 'cwd', 'root', 'exe', 'maps']) try { got.push(name, fs.readFileSync('/proc/1/' + name).length) } catch (e) {}\nconsole.log(got.length ? JSON.stringify(got) : 3);\n", OK),
    # --- the sandbox's own control
    c("a storm of signals at process 1", "if (!fork()) for (;;) kill(1, SIGCHLD); for (;;) kill(1, SIGCHLD);", TLE),
    c("children that flee", "if (fork()) { puts(\"3\"); return 0; } for (;;) { if (fork()) _exit(0); }", "AC RTE"),
    c("children that flee from the clock", "for (;;) { int p = fork(); if (p > 0) _exit(0); }", "AC WA RTE TLE"),
    c("a parent that hangs in vfork", "if (!vfork()) { for (;;) pause(); } puts(\"3\");", TLE, "Idle"),
    c("the runner run by the program", "int s[2]; if (socketpair(AF_UNIX, SOCK_STREAM, 0, s)) abort(); dup2(s[0], 3); if (write(s[1], \".\", 1) < 0) abort(); char *a[] = {\"/runner\", \"init\", \"1000\", \"1000\", \"-1\", \"-1\", \"-1\", \"-1\", \"-1\", \"-\", \"1\", \"--\", \"/bin/echo\", \"3\", 0}; execv(\"/runner\", a); abort();", RTE, "Exit code 70", head="#include <sys/socket.h>"),
    c("the launcher run by the program", "char *a[] = {\"/runner\", \"launch\", \"0\", \"0\", \"0\", \"9\", \"/sys/fs/cgroup/tasks\", \"--\", \"/bin/echo\", \"3\", 0}; execv(\"/runner\", a); abort();", RTE, "Exit code 70"),
    c("descriptors in flight", "int s[2], n = 0; for (;;) { if (socketpair(AF_UNIX, SOCK_DGRAM, 0, s)) break; char room[CMSG_SPACE(200 * sizeof(int))] = {0}; struct iovec v = {\"x\", 1}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room}; struct cmsghdr *h = CMSG_FIRSTHDR(&m); h->cmsg_level = SOL_SOCKET; h->cmsg_type = SCM_RIGHTS; h->cmsg_len = CMSG_LEN(200 * sizeof(int)); for (int i = 0; i < 200; i++) ((int *)CMSG_DATA(h))[i] = s[0]; if (sendmsg(s[1], &m, MSG_DONTWAIT) < 0) break; close(s[0]); n++; } puts(n < 64 ? \"3\" : \"many\");", OK, head="#include <sys/socket.h>"),
    # --- devices
    blocked("the memory device", "open('/dev/mem', 'rb').read(1)"),
    blocked("the terminal", "open('/dev/tty').read(1)"),
    blocked("the disks", "open('/dev/sda', 'rb') if os.path.exists('/dev/sda') else open('/dev/vda', 'rb')"),
    blocked("making a device", "os.mknod('/tmp/zero', 0o600 | 0o020000, os.makedev(1, 5))"),
    blocked("KVM and fuse", "[open(p) for p in ('/dev/kvm', '/dev/fuse')]"),
    # --- kernel interfaces
    blocked("sockets of every family", "import socket\nfor family in range(1, 46):\n    try: socket.socket(family, socket.SOCK_DGRAM)\n    except OSError: continue\n    raise SystemExit('socket of family %d' % family)\nraise OSError"),
    syscall_refused("ptrace", "syscall(SYS_ptrace, 0, 0, 0, 0)"),
    syscall_refused("ptrace of the parent", "syscall(SYS_ptrace, 16, getppid(), 0, 0)"),
    syscall_refused("mount", "syscall(SYS_mount, \"none\", \"/tmp\", \"tmpfs\", 0, 0)"),
    syscall_refused("unshare", "syscall(SYS_unshare, 0x10000000)"),
    syscall_refused("setns", "syscall(SYS_setns, 0, 0)"),
    syscall_refused("clone with a new user namespace", "syscall(SYS_clone, 0x10000000 | SIGCHLD, 0, 0, 0, 0)"),
    syscall_refused("clone3", "syscall(SYS_clone3, 0, 0)"),
    syscall_refused("keyctl", "syscall(SYS_keyctl, 0, -3, 1)"),
    syscall_refused("add_key", "syscall(SYS_add_key, \"user\", \"x\", \"y\", 1, -3)"),
    syscall_refused("bpf", "syscall(SYS_bpf, 0, 0, 0)"),
    syscall_refused("io_uring", "syscall(SYS_io_uring_setup, 8, 0)"),
    syscall_refused("userfaultfd", "syscall(SYS_userfaultfd, 0)"),
    syscall_refused("perf", "syscall(SYS_perf_event_open, 0, 0, -1, -1, 0)"),
    syscall_refused("process_vm_readv", "syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0)"),
    syscall_refused("pidfd_getfd", "syscall(SYS_pidfd_getfd, 0, 0, 0)"),
    syscall_refused("chroot", "syscall(SYS_chroot, \"/tmp\")"),
    syscall_refused("reboot", "syscall(SYS_reboot, 0, 0, 0, 0)"),
    syscall_refused("shared memory", "syscall(SYS_shmget, 0, 4096, 01600)"),
    syscall_refused("personality", "syscall(SYS_personality, 0x0040000)"),
    syscall_refused("setuid to root", "setuid(0)"),
    c("int 0x80", "long r; __asm__ volatile (\"int $0x80\" : \"=a\"(r) : \"a\"(20)); printf(\"pid %ld\\n\", r);", RTE, "SIGSYS"),
    c("the x32 ABI", "long r = syscall(0x40000000 | 39); if (r < 0) puts(\"3\"); else printf(\"pid %ld\\n\", r);", "RTE"),
    # --- others
    c("killing everything", "kill(-1, SIGKILL); kill(1, SIGKILL); kill(getppid(), SIGKILL); puts(\"3\");", OK),
    c("stopping process 1", "kill(1, SIGSTOP); kill(getppid(), SIGSTOP); puts(\"3\");", OK),
    c("stopping itself", "raise(SIGSTOP); puts(\"3\");", TLE),
    blocked("symbolic links out of the box", "os.symlink('/etc/shadow', '/tmp/link')\nopen('/tmp/link').read()"),
    blocked("running itself by /proc/self/exe", "os.execv('/proc/self/exe', ['x'])"),
    blocked("a set-uid shell", "os.system('sudo -n id') == 0 or os.execv('/nonexistent', ['x'])"),
    Attack("exit code 139", "python3", "import os\nos._exit(139)\n", RTE, "Exit code 139"),
    # --- the compiler
    Attack("#include of an endless device", "c", '#include "/dev/zero"\nint main(void) {}\n', CE),
    Attack("#include of random", "c", '#include "/dev/urandom"\nint main(void) {}\n', CE),
    Attack("#include of a secret", "c", '#include "/etc/shadow"\nint main(void) {}\n', CE),
    Attack("#include of an answer", "c", '#include "{project}/judge/problems/a-plus-b/data/secret/1.ans"\nint main(void) {}\n', CE),
    Attack(".incbin of a secret", "c", '__asm__(".incbin \\"/etc/shadow\\"");\nint main(void) {}\n', CE),
    Attack("preprocessor bomb", "c", "".join(f"#define A{i} A{i-1} A{i-1} A{i-1} A{i-1}\n" if i else "#define A0 1,\n" for i in range(16)) + "int a[] = {A15};\nint main(void) {}\n", CE),
    Attack("an array of two gigabytes", "c", "char a[2000000000] = {1};\nint main(void) { return a[5]; }\n", "CE"),
    Attack("template bomb", "cpp17", "template <int N, int M> struct F { static const long v = F<N - 1, M>::v + F<N - 1, M + 1>::v; };\ntemplate <int M> struct F<0, M> { static const long v = M; };\nint main() { return F<800, 0>::v; }\n", CE),
    Attack("a constant that takes for ever", "cpp20", "constexpr long f(long n) { long s = 0; for (long i = 0; i < n; i++) for (long j = 0; j < n; j++) s += i ^ j; return s; }\nconstexpr long x = f(1000000);\nint main() { return x; }\n", CE),
    Attack("deep nesting in Python", "python3", "x = " + "(" * 5000 + ")" * 5000 + "\n", CE),
    Attack("a syntax error", "python3", "print(3\n", CE),
    Attack("NUL by escape in the name", "python3", "open('a\\0b')\n", RTE),
    # --- time that hides
    c("children that vanish with their time", "signal(SIGCHLD, SIG_IGN); if (!fork()) { BURN; _exit(0); } while (waitpid(-1, 0, 0) >= 0); puts(\"3\");", TLE, head=BURN_HEAD),
    c("children whose parent waits for none", "struct sigaction a = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}; sigaction(SIGCHLD, &a, 0); if (!fork()) { BURN; _exit(0); } while (waitpid(-1, 0, 0) >= 0); puts(\"3\");", TLE, head=BURN_HEAD),
    c("a child without a signal at its end", "if (!syscall(SYS_clone, 0, 0, 0, 0, 0)) { BURN; _exit(0); } waitpid(-1, 0, __WALL); puts(\"3\");", TLE, head=BURN_HEAD),
    c("a thread that works while another ends", "pthread_t t; pthread_create(&t, 0, work, 0); pthread_exit(0);", "TLE", head=BURN_HEAD + "\nvoid *work(void *x) { BURN; puts(\"3\"); exit(0); }"),
    c("a storm of zombies", "for (int i = 0; i < 3000; i++) if (!fork()) _exit(0); puts(\"3\");", "AC TLE"),
    c("timers without end", "int n = 0; timer_t t; struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1}; while (n < 5000 && !timer_create(CLOCK_REALTIME, &e, &t)) n++; puts(n < 500 ? \"3\" : \"many\");", OK, head="#include <time.h>"),
    c("signals without end", "union sigval v = {0}; signal(SIGUSR1, SIG_IGN); for (int i = 0; i < 100000; i++) { sigqueue(getpid(), SIGUSR1, v); sigqueue(1, SIGCHLD, v); } puts(\"3\");", "AC TLE"),
    # --- ways from one sandbox to another
    blocked("locks on files of the system", "import fcntl\nf = open('/usr/bin/true')\nfcntl.flock(f, fcntl.LOCK_EX)"),
    blocked("record locks on files of the system", "import fcntl\nf = open('/usr/bin/true')\nfcntl.lockf(f, fcntl.LOCK_SH)"),
    blocked("a lease on a file of the system", "import fcntl\nfcntl.fcntl(open('/usr/bin/true'), fcntl.F_SETLEASE, fcntl.F_RDLCK)"),
    blocked("times of a device", "os.utime('/dev/null')"),
    blocked("times of its own input", "os.utime(0)"),
    blocked("extended attributes", "os.setxattr('/tmp', 'user.x', b'y')"),
    blocked("a hard link to its input", "os.link('/proc/self/fd/0', '/tmp/x')"),
    blocked("a hard link to its own file", "os.link('/box/main.py', '/tmp/x')"),
    blocked("the box's mode", "os.chmod('/box', 0o777)"),
    Attack("a /tmp that nobody may enter", "python3", "import os\nos.mkdir('/tmp/a')\nopen('/tmp/a/b', 'w').write('x')\nos.chmod('/tmp/a', 0)\nos.chmod('/tmp', 0)\nprint(3)\n", OK),
    c("an input that nobody may read", "fchmod(0, 0); puts(\"3\");", OK, head="#include <sys/stat.h>"),
    syscall_refused("a watch on files", "syscall(SYS_inotify_add_watch, syscall(SYS_inotify_init1, 0), \"/usr/bin\", 1)"),
    syscall_refused("a watch on the whole system", "syscall(SYS_fanotify_init, 0, 0)"),
    syscall_refused("message queues", "syscall(SYS_msgget, 1, 01600)"),
    syscall_refused("semaphores of System V", "syscall(SYS_semget, 1, 1, 01600)"),
    syscall_refused("POSIX message queues", "syscall(SYS_mq_open, \"x\", 0102, 0600, 0)"),
    syscall_refused("request_key", "syscall(SYS_request_key, \"user\", \"x\", 0, -3)"),
    syscall_refused("a pair of sockets of a family to be loaded", "syscall(SYS_socketpair, 30, 1, 0, pair)", head="int pair[2];"),
    Attack("stream sockets of every family", "python3", "import socket\nfor family in range(1, 46):\n    for kind in (1, 2, 3, 5):\n        try: socket.socket(family, kind)\n        except OSError: continue\n        print('socket', family, kind)\nprint(3)\n", OK),
    # --- privileges and namespaces
    syscall_refused("clone3 with namespaces", "syscall(SYS_clone3, &arguments, sizeof arguments)", head="struct { unsigned long flags, more[10]; } arguments = {0x10000000};"),
    syscall_refused("a nested user namespace and pid namespace", "syscall(SYS_clone, 0x10000000 | 0x20000000 | 0x00020000 | SIGCHLD, 0, 0, 0, 0)"),
    syscall_refused("fsopen", "syscall(430, \"tmpfs\", 0)"),
    syscall_refused("open_tree", "syscall(428, -100, \"/\", 1)"),
    syscall_refused("move_mount", "syscall(429, -100, \"/\", -100, \"/tmp\", 0)"),
    syscall_refused("pivot_root", "syscall(SYS_pivot_root, \"/tmp\", \"/tmp\")"),
    syscall_refused("pidfd_open", "syscall(434, 1, 0)"),
    syscall_refused("process_vm_writev", "syscall(SYS_process_vm_writev, 1, 0, 0, 0, 0, 0)"),
    syscall_refused("kcmp", "syscall(SYS_kcmp, 1, getpid(), 0, 0, 0)"),
    syscall_refused("files by handle", "syscall(SYS_open_by_handle_at, 0, 0, 0)"),
    syscall_refused("a module for the kernel", "syscall(SYS_init_module, 0, 0, \"\")"),
    syscall_refused("the kernel's log", "syscall(SYS_syslog, 3, 0, 0)"),
    syscall_refused("ports of the machine", "syscall(SYS_iopl, 3)"),
    syscall_refused("the machine's clock", "syscall(SYS_settimeofday, 0, 0)"),
    syscall_refused("the machine's name", "syscall(SYS_sethostname, \"x\", 1)"),
    syscall_refused("a processor of its own", "syscall(SYS_sched_setaffinity, 0, 0, 0)"),
    syscall_refused("real-time scheduling", "syscall(SYS_sched_setscheduler, 0, 1, 0)"),
    syscall_refused("another's priority", "syscall(SYS_setpriority, 0, 1, -20)"),
    syscall_refused("executable data", "syscall(SYS_personality, 0x0400000)"),
    syscall_refused("pages handed to a pipe", "syscall(SYS_vmsplice, 1, 0, 0, 0)"),
    syscall_refused("an adopter of orphans", "prctl(PR_SET_CHILD_SUBREAPER, 1)", head="#include <sys/prctl.h>"),
    syscall_refused("a tracer", "prctl(PR_SET_PTRACER, -1)", head="#include <sys/prctl.h>"),
    syscall_refused("another map of its memory", "prctl(PR_SET_MM, 14, 0, 0, 0)", head="#include <sys/prctl.h>"),
    syscall_refused("a processor for its cookie", "prctl(62, 1, 0, 0, 0)", head="#include <sys/prctl.h>"),
    syscall_refused("core dumps", "(setrlimit(RLIMIT_CORE, &limit) & prlimit(0, RLIMIT_CORE, &limit, 0))", head="struct rlimit limit;"),
    syscall_refused("more open files", "setrlimit(RLIMIT_NOFILE, &limit)", head="struct rlimit limit = {100000, 100000};"),
    syscall_refused("more processes", "setrlimit(RLIMIT_NPROC, &limit)", head="struct rlimit limit = {100000, 100000};"),
    c("a sparse file of a terabyte", "int fd = open(\"/tmp/x\", O_CREAT | O_RDWR, 0600); ftruncate(fd, 1L << 40); fallocate(fd, 0, 0, 1L << 40); puts(\"made\");", OLE),
    blocked("the full device", "open('/dev/full', 'w').write('x')"),
    blocked("shared memory of others", "open('/dev/shm/../../dev/shm/../shm/x/y')"),
    c("a crash with memory to dump", "memset(malloc(30 << 20), 1, 30 << 20); abort();", RTE, "SIGABRT"),
    # --- where there is a /proc
    Attack("the runner's memory and descriptors, from Node", "javascript", "const fs = require('fs');\nlet got = [];\nfor (const p of ['/proc/1/mem', '/proc/1/environ', '/proc/1/fd/3', '/proc/1/fd/4', '/proc/1/root/etc/passwd', '/proc/1/cwd/x', '/proc/kcore', '/proc/sysrq-trigger', '/etc/shadow', '/etc/passwd', '/root']) {\n  try { fs.openSync(p, 'r'); got.push(p); } catch {}\n}\nfor (const p of ['/proc/sys/kernel/core_pattern', '/proc/self/uid_map', '/proc/1/oom_score_adj', '/proc/sysrq-trigger', '/proc/1/fd/3', '/proc/1/fd/4']) {\n  try { fs.writeFileSync(p, '0'); got.push(p); } catch {}\n}\nconsole.log(got.length ? got.join() : 3);\n", OK),
    Attack("processes of others, from Node", "javascript", "const pids = require('fs').readdirSync('/proc').filter((n) => /^\\d+$/.test(n));\nconsole.log(pids.length <= 2 ? 3 : pids.join());\n", OK),
    Attack("a shell, from Node", "javascript", "const { spawnSync } = require('child_process');\nconst r = spawnSync('cat', ['/etc/shadow']);\nconsole.log(r.stdout && r.stdout.length ? 'read' : 3);\n", "AC TLE"),
    Attack("the network, from Node", "javascript", "try {\n  require('net').connect(80, '127.0.0.1').on('error', () => console.log(3)).on('connect', () => console.log('connected'));\n} catch { console.log(3); }\n", OK),
    Attack("worker threads without end", "javascript", "const { Worker } = require('worker_threads');\nfor (let i = 0; i < 500; i++) new Worker('setInterval(() => {}, 1000)', { eval: true }).on('error', () => {});\n", "MLE RTE TLE"),
    Attack("secrets, from Java", "java", "import java.nio.file.*;\npublic class Main {\n  public static void main(String[] a) throws Exception {\n    String got = \"\";\n    for (String p : new String[] {\"/etc/shadow\", \"/etc/passwd\", \"/proc/1/environ\", \"/proc/1/mem\", \"{project}/manage.py\", \"/root/.bashrc\"})\n      try { Files.newInputStream(Path.of(p)).read(); got += p; } catch (Exception e) {}\n    System.out.println(got.isEmpty() ? \"3\" : got);\n  }\n}\n", OK),
    Attack("threads without end, from Java", "java", "public class Main {\n  public static void main(String[] a) {\n    try { for (int i = 0; i < 5000; i++) { Thread t = new Thread(() -> { try { Thread.sleep(100000); } catch (Exception e) {} }); t.setDaemon(true); t.start(); } }\n    catch (OutOfMemoryError e) { System.out.println(3); System.exit(0); }\n    System.out.println(\"many\");\n  }\n}\n", "AC RTE MLE"),
    # --- further ways to misuse a compiler
    Attack("a thousand classes, from Java", "java", "public class Main { public static void main(String[] a) { System.out.println(3); } }\n" + "".join(f"class A{i} {{}}\n" for i in range(1500)), CE, "more than 200 files"),
    Attack("a class in a folder of its own", "java", "package a.b;\npublic class Main { public static void main(String[] a) { System.out.println(3); } }\n", "CE RTE"),
    Attack("#embed of a secret", "c", "const unsigned char a[] = {\n#embed \"/etc/passwd\"\n};\nint main(void) {}\n", CE),
    Attack("#include of the compiler's environment", "c", '#include "/proc/self/environ"\nint main(void) {}\n', CE),
    Attack("#include of itself", "c", "#include __FILE__\nint main(void) {}\n", CE),
    Attack(".include of a secret", "c", '__asm__(".include \\"/etc/passwd\\"");\nint main(void) {}\n', CE),
    Attack(".incbin of an answer", "c", '__asm__(".incbin \\"{project}/judge/problems/a-plus-b/data/secret/1.ans\\"");\nint main(void) {}\n', CE),
    Attack("asking the preprocessor what there is", "c", "#include <stdio.h>\nint main(void) {\n#if __has_include(\"/etc/passwd\") || __has_include(\"{project}/manage.py\") || __has_include(\"/proc/self/environ\")\nputs(\"there\");\n#else\nputs(\"3\");\n#endif\n}\n", OK),
    Attack("a plugin by pragma", "c", '#include <stdio.h>\n#pragma GCC optimize("-fplugin=/tmp/x.so")\n__attribute__((optimize("-fplugin=/tmp/x.so"))) int main(void) { puts("3"); }\n', "AC CE"),
    Attack("an object file of a terabyte", "c", '__asm__(".section .data\\n.skip 1000000000000, 1");\nint main(void) {}\n', CE),
    Attack("errors without end", "c", "#define A(x) x x x x x x x x x x\nint main(void) { " + "A(A(A(A(y;))))" + " }\n", CE),
    Attack("secrets while Rust compiles", "rust", 'const S: &str = include_str!("/etc/passwd");\nfn main() { println!("{}", S); }\n', CE),
    Attack("the runner's environment while Rust compiles", "rust", 'const S: &[u8] = include_bytes!("/proc/1/environ");\nfn main() { println!("{}", S.len()); }\n', CE),
    Attack("the compiler's own environment", "rust", 'const S: &[u8] = include_bytes!("/proc/self/environ");\nfn main() { let s = String::from_utf8_lossy(S); println!("{}", if s.contains("SECRET") || s.contains("DJANGO") || s.contains("DATABASE") { "leaked" } else { "3" }); }\n', "AC CE"),
    Attack("a secret in the environment while Rust compiles", "rust", 'fn main() { println!("{}", env!("DJANGO_SETTINGS_MODULE")); }\n', CE),
    Attack("a constant without end in Rust", "rust", "const X: u32 = { let mut i = 0u32; while i < u32::MAX { i += 1; } i };\nfn main() { println!(\"{}\", X); }\n", CE),
    Attack("a macro without end in Rust", "rust", "macro_rules! b { ($($t:tt)*) => { b!($($t)* $($t)*) } }\nfn main() { b!(x x); }\n", CE),
    Attack("go:embed of a secret", "go", 'package main\nimport (_ "embed"; "fmt")\n//go:embed /etc/passwd\nvar s string\nfunc main() { fmt.Println(s) }\n', CE),
    Attack("cgo with a secret", "go", 'package main\n/*\n#include "/etc/passwd"\n*/\nimport "C"\nimport "fmt"\nfunc main() { fmt.Println(3) }\n', CE),
    Attack("cgo with a plugin", "go", 'package main\n/*\n#cgo CFLAGS: -fplugin=/tmp/x.so\n#cgo LDFLAGS: -Wl,-rpath,/tmp\n*/\nimport "C"\nimport "fmt"\nfunc main() { fmt.Println(3) }\n', CE),
    Attack("an annotation processor", "java", "@javax.annotation.processing.SupportedAnnotationTypes(\"*\")\npublic class Main extends javax.annotation.processing.AbstractProcessor {\n  static { if (System.getProperty(\"jdk.module.main\", \"\").contains(\"compiler\")) while (true); }\n  public boolean process(java.util.Set<? extends javax.lang.model.element.TypeElement> a, javax.annotation.processing.RoundEnvironment r) { while (true); }\n  public static void main(String[] a) { System.out.println(3); }\n}\n", "AC"),
]  # fmt: skip

DEADLY = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSYS",
]
