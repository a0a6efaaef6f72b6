//! Ends the window in order when the system asks for it: by `kill`, by a terminal that closes, by logging out.
//!
//! The window ends then as if it had been closed: a recording gets its end, and nothing is left behind that would look
//! like a crash. Only nobody can be asked about unsaved text: it is kept, and offered at the next start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bevy::prelude::*;

/// Whether the system has asked the program to end.
#[derive(Resource, Clone, Debug, Default)]
pub(super) struct AskedToEnd(Arc<AtomicBool>);

impl AskedToEnd {
    /// Listens to the system from now on.
    pub fn listen() -> Self {
        let asked = Self::default();
        #[cfg(unix)]
        for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
            if let Err(error) = signal_hook::flag::register(signal, asked.0.clone()) {
                warn!("the window will not notice when it is asked to end: {error}");
            }
        }
        asked
    }

    /// Asks it, as a signal does.
    #[cfg(test)]
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Closes the window when the system asks for it.
pub(super) fn end_when_asked(asked: Res<AskedToEnd>, mut exit: MessageWriter<AppExit>) {
    if asked.is_set() {
        exit.write(AppExit::Success);
    }
}
