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
