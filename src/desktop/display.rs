//! Where a window can be shown: whether there is a display, and a connection to it.
//!
//! A display may answer and refuse all the same: it has no place for another client, wants a key that this user doesn't have, or
//! starts over because its last client has just left. All that is found out here, by a whole handshake, and told in words; inside
//! the window's event loop it would be a panic.

/// A display that takes clients. As long as this is held the display has a client, so that it doesn't start over.
pub struct Display {
    #[cfg(target_os = "linux")]
    _connection: x11rb::xcb_ffi::XCBConnection,
}

impl std::fmt::Debug for Display {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Display").finish_non_exhaustive()
    }
}

/// Where there is always a display.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub fn connect() -> Result<Display, String> {
    Ok(Display {})
}

#[cfg(target_os = "linux")]
pub use x11::connect;

/// What Bevy says when the event loop can't be made, for example because the display has no place for another client.
const NO_EVENT_LOOP: &str = "Failed to build event loop";

/// Adds what makes the event loop of windows.
///
/// # Errors
/// With the reason if the display refuses in that moment: Bevy panics then, which is taken for what it is. Other panics go on.
pub fn open_windows(add: impl FnOnce()) -> Result<(), String> {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};
    use std::sync::Arc;

    let is_refusal = |payload: &(dyn std::any::Any + Send)| {
        let words = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
        words.filter(|words| words.starts_with(NO_EVENT_LOOP)).map(str::to_owned)
    };
    let usual = Arc::new(take_hook());
    let others = Arc::clone(&usual);
    set_hook(Box::new(move |panic| {
        if is_refusal(panic.payload()).is_none() {
            others(panic);
        }
    }));
    // What is half made is never looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(add));
    drop(take_hook());
    if let Ok(usual) = Arc::try_unwrap(usual) {
        set_hook(usual);
    }
    match outcome {
        Ok(()) => Ok(()),
        Err(payload) => match is_refusal(&*payload) {
            Some(words) => Err(format!(
                "the display refuses ({})",
                words.trim_start_matches(NO_EVENT_LOOP).trim_start_matches(": ")
            )),
            None => resume_unwind(payload),
        },
    }
}

#[cfg(target_os = "linux")]
mod x11 {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use x11rb::errors::ConnectError;
    use x11rb::xcb_ffi::{XCBConnection, load_libxcb};

    use super::Display;

    /// How long a display may take to answer.
    const PATIENCE: Duration = Duration::from_secs(10);
    /// A display that starts over takes clients again after a moment: how often it is asked, and how long it is given in between.
    const ATTEMPTS: u32 = 5;
    const PAUSE: Duration = Duration::from_millis(200);

    /// Connects to the display that the variable DISPLAY names.
    ///
    /// # Errors
    /// With the reason, in words, why a window can't be opened here.
    pub fn connect() -> Result<Display, String> {
        let name = std::env::var("DISPLAY").unwrap_or_default();
        let Some(place) = place_of(&name)? else {
            let wayland = std::env::var("WAYLAND_DISPLAY").is_ok_and(|name| !name.is_empty());
            return Err(if wayland {
                "there is a Wayland desktop, but no X11 or XWayland display in it".into()
            } else {
                "there is no display (the variable DISPLAY is not set)".into()
            });
        };
        if !place.is_reachable() {
            return Err(format!("nothing answers on display {name}"));
        }
        // What listens may not be a display, and say nothing for ever.
        let (answer, answered) = mpsc::channel();
        thread::spawn(move || drop(answer.send(handshake())));
        match answered.recv_timeout(PATIENCE) {
            Ok(outcome) => outcome.map_err(|reason| format!("display {name} refuses: {reason}")),
            Err(_) => {
                Err(format!("display {name} takes connections, but doesn't answer within {} s", PATIENCE.as_secs()))
            }
        }
    }

    fn handshake() -> Result<Display, String> {
        load_libxcb().map_err(|error| format!("the library libxcb can't be loaded: {error}"))?;
        let mut attempt = 1;
        loop {
            match XCBConnection::connect(None) {
                Ok((connection, _)) => return Ok(Display { _connection: connection }),
                Err(error) if attempt == ATTEMPTS => return Err(words(&error)),
                Err(_) => attempt += 1,
            }
            thread::sleep(PAUSE);
        }
    }

    fn words(error: &ConnectError) -> String {
        match error {
            ConnectError::SetupFailed(refusal) => {
                String::from_utf8_lossy(&refusal.reason).trim_end_matches(['\0', '\n', ' ']).to_owned()
            }
            ConnectError::SetupAuthenticate(_) => "it wants a key (see xauth) that isn't there".into(),
            ConnectError::IoError(_) | ConnectError::UnknownError => {
                "it closes the connection (no access, no place for another client, or no X11 server)".into()
            }
            other => other.to_string(),
        }
    }

    /// What the variable DISPLAY names: `:0`, `:0.1`, `unix:0`, `host:10.0`.
    #[derive(Debug, PartialEq, Eq)]
    struct Place<'n> {
        host: &'n str,
        number: u16,
    }

    /// The place of a display's name; nothing if the name is empty.
    fn place_of(name: &str) -> Result<Option<Place<'_>>, String> {
        if name.is_empty() {
            return Ok(None);
        }
        let place = name.rsplit_once(':').and_then(|(host, rest)| {
            let number = rest.split('.').next().unwrap_or(rest);
            Some(Place { host, number: number.parse().ok()? })
        });
        place
            .map(Some)
            .ok_or_else(|| format!("the variable DISPLAY is \"{name}\", which names no display; for example :0"))
    }

    impl Place<'_> {
        /// Whether somebody listens there.
        fn is_reachable(&self) -> bool {
            match self.host {
                "" | "unix" => {
                    std::os::unix::net::UnixStream::connect(format!("/tmp/.X11-unix/X{}", self.number)).is_ok()
                }
                host => is_reachable_elsewhere(host, self.number),
            }
        }
    }

    /// Displays of other machines listen from port 6000 on.
    fn is_reachable_elsewhere(host: &str, number: u16) -> bool {
        use std::net::{TcpStream, ToSocketAddrs as _};
        let Some(port) = 6000_u16.checked_add(number) else { return false };
        // A name without dots and colons that is a protocol (`tcp/host`) is written before the host.
        let host = host.rsplit_once('/').map_or(host, |(_, host)| host).trim_matches(['[', ']']);
        let Ok(addresses) = (host, port).to_socket_addrs() else { return false };
        addresses.into_iter().any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn names_of_displays_are_read_as_xlib_reads_them() {
            for (name, host, number) in [
                (":0", "", 0),
                (":12.1", "", 12),
                ("unix:3", "unix", 3),
                ("host:10.0", "host", 10),
                ("::1:7", "::1", 7),
            ] {
                assert_eq!(place_of(name), Ok(Some(Place { host, number })), "{name}");
            }
            assert_eq!(place_of(""), Ok(None));
            for name in ["here", ":", ":x", ":70000"] {
                assert!(place_of(name).is_err(), "{name}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_event_loop_is_taken_for_a_refusal() {
        let refused = open_windows(|| panic!("{NO_EVENT_LOOP}: Os(XOpenDisplayFailed)"));
        assert_eq!(refused, Err("the display refuses (Os(XOpenDisplayFailed))".into()));
        assert_eq!(open_windows(|| ()), Ok(()));
        let other = std::panic::catch_unwind(|| open_windows(|| panic!("something else")));
        assert!(other.is_err());
    }
}
