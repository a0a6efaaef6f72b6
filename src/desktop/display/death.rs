//! The death of an X11 display. Xlib ends the program when it loses its display, with a line that helps nobody, unless it was told
//! what to do.

use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::sync::Once;

use x11_dl::xlib::{Display, Xlib};

static LISTENS: Once = Once::new();

/// From now on the program ends in words when its display is gone.
pub(super) fn listen() {
    LISTENS.call_once(|| {
        // Without the library there is no window either, which is told elsewhere.
        let Ok(xlib) = Xlib::open() else { return };
        let xlib = ManuallyDrop::new(xlib);
        // SAFETY: Xlib is loaded, and stays so: it is never closed again. The handler may be set at any time, also before there is
        // a connection, and by any thread; only here is one set.
        #[expect(unsafe_code, reason = "Xlib has it so")]
        unsafe {
            (xlib.XSetIOErrorHandler)(Some(display_is_lost));
        }
    });
}

/// Xlib calls this on the thread that waits for the display, and would end the program itself if it came back.
#[expect(unsafe_code, reason = "Xlib calls it as a function of C")]
unsafe extern "C" fn display_is_lost(_: *mut Display) -> c_int {
    super::coming::display_is_gone()
}
