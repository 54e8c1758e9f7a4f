package hashing

import "golang.org/x/sys/unix"

// niceness of the hashing threads. At 10 a request thread gets nine times the
// share of a hashing one, which keeps a quick request quick; at 19 it would be
// seventy, and nobody could sign in on a machine that has other work as well.
const niceness = 10

// lowerPriority puts the calling thread behind the threads that answer
// requests. On Linux niceness belongs to the thread, whatever POSIX says
// (setpriority(2), "C library/kernel differences"). A system that refuses it
// only loses the precedence.
func lowerPriority() {
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), niceness)
}

// preferLargePages asks for few large pages: a thread that comes out of idling
// then waits for ten page faults instead of five thousand, a third of a hash.
func preferLargePages(b []byte) {
	_ = unix.Madvise(b, unix.MADV_HUGEPAGE)
}
