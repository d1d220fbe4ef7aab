//! What std and the C library would have brought: a start, an end, memory, and what the compiler calls by name.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

const HEAP: usize = 4 << 20;

/// Gives memory away and never takes it back; enough for a program that ends at once.
struct Bump {
    heap: UnsafeCell<[u8; HEAP]>,
    used: AtomicUsize,
}

// SAFETY: `used` only grows, and atomically, so that no two allocations share a byte of `heap`.
unsafe impl Sync for Bump {}

// SAFETY: a block lies inside `heap`, is aligned as asked, and is never handed out twice.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.heap.get().cast::<u8>();
        let mut from = 0;
        let grown = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            from = used.checked_add((base as usize).checked_add(used)?.wrapping_neg() & (layout.align() - 1))?;
            from.checked_add(layout.size()).filter(|end| *end <= HEAP)
        });
        match grown {
            Ok(_) => base.wrapping_add(from),
            Err(_) => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static MEMORY: Bump = Bump { heap: UnsafeCell::new([0; HEAP]), used: AtomicUsize::new(0) };

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(101)
}

// The stack must be aligned before the first call of a function.
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {main}", main = sym main);

extern "C" fn main() -> ! {
    exit(super::run().err().unwrap_or(0))
}

fn exit(status: u8) -> ! {
    // SAFETY: the system call `exit_group` (231) takes a status and does not return.
    unsafe { asm!("syscall", in("rax") 231, in("rdi") u64::from(status), options(noreturn, nostack)) }
}

// SAFETY (all of these): the compiler calls them under the contracts of C's functions of these names. They are written
// in assembly where the compiler would make a loop into a call of the very same function.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    unsafe { asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _) };
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= count {
        return unsafe { memcpy(to, from, count) };
    }
    // The target begins inside the source: the last byte must go first.
    let (last_to, last_from) = (to.wrapping_add(count).wrapping_sub(1), from.wrapping_add(count).wrapping_sub(1));
    unsafe {
        asm!("std", "rep movsb", "cld", inout("rcx") count => _, inout("rdi") last_to => _, inout("rsi") last_from => _);
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    unsafe { asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") byte as u8) };
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for at in 0..count {
        let (l, r) = unsafe { (left.wrapping_add(at).read_volatile(), right.wrapping_add(at).read_volatile()) };
        if l != r {
            return i32::from(l) - i32::from(r);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    unsafe { memcmp(left, right, count) }
}

// The toolchain's `core` and `alloc` were compiled for unwinding and name these two; nothing here ever unwinds.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(101)
}
