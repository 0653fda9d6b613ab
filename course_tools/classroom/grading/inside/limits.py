"""What an answer's process may use. Once set, none of it can be undone from within."""

import ctypes
import os
import platform
import resource
import struct

MEMORY, FILE, FILES = 1 << 30, 8 << 20, 64  # bytes on top of what Python and torch take; bytes of a file; open files
NOBODY = 65534
LIBC = ctypes.CDLL(None, use_errno=True)

# Calls of the system that no answer needs, as numbers (linux/audit.h, asm/unistd.h): memory that belongs to no process
# (shmget, msgget, semget, mq_open, memfd_create, memfd_secret), sockets of whatever kind (socket, socketpair: those
# between virtual machines are in no name space), other processes (ptrace, process_vm_readv, process_vm_writev),
# new name spaces (unshare, setns, mount), and corners of the kernel (bpf, perf_event_open, io_uring_setup,
# userfaultfd, keyctl, add_key, request_key).
CALLS = {
    "x86_64": (0xC000003E, (29, 68, 64, 240, 319, 447, 41, 53, 101, 310, 311, 272, 308, 165)
               + (321, 298, 425, 323, 250, 248, 249)),
    "aarch64": (0xC00000B7, (194, 186, 190, 180, 279, 447, 198, 199, 117, 270, 271, 97, 268, 40)
                + (280, 241, 425, 282, 219, 217, 218)),
}  # fmt: skip


def leave_root() -> None:
    """Root is exempt from limits. Nobody is not; and nobody can look into a process that cannot be dumped."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    LIBC.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def limit(seconds: int) -> None:
    """seconds: of computing. No further process or thread can be started."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    memory = pages * resource.getpagesize() + MEMORY
    for what, most in (
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, FILE),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
    ):
        resource.setrlimit(what, (most, most))
    forbid()


def forbid() -> None:
    """Refuses CALLS by a seccomp filter (man 2 seccomp). Raises OSError where the kernel takes none."""
    machine, numbers = CALLS.get(platform.machine(), (0, ()))
    load, equal, more, end = 0x20, 0x15, 0x35, 0x06
    steps = [(load, 0, 0, 4), (equal, 0, len(numbers) + 3, machine), (load, 0, 0, 0)]
    steps += [(more, len(numbers) + 1, 0, 0x40000000)]  # x86's third numbering
    steps += [(equal, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    steps += [(end, 0, 0, 0x7FFF0000), (end, 0, 0, 0x00050001)]  # allowed; refused, as EPERM
    if not numbers:
        return
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(program)
    head = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(buffer))
    LIBC.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    if LIBC.prctl(22, 2, ctypes.c_char_p(head), 0, 0):  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        raise OSError(ctypes.get_errno(), "no seccomp filter")
