//! Where a window can be shown: whether there is a display, and a connection to it.
//!
//! A display may answer and refuse all the same: it has no place for another client, wants a key that this user doesn't have, or
//! starts over because its last client has just left. That is found out by a whole handshake, and told in words. It may also
//! refuse, fall silent or go away later, while the window comes up: see [`coming`].

pub mod coming;
#[cfg(target_os = "linux")]
mod death;

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

/// How the display is called in messages.
#[must_use]
pub fn name() -> String {
    match std::env::var("DISPLAY") {
        Ok(name) if cfg!(target_os = "linux") && !name.is_empty() => format!("display {name}"),
        _ => "the display".into(),
    }
}

#[cfg(target_os = "linux")]
mod x11 {
    use std::io::ErrorKind;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use x11rb::errors::ConnectError;
    use x11rb::rust_connection::RustConnection;
    use x11rb::xcb_ffi::{XCBConnection, load_libxcb};

    use super::{Display, coming};

    /// A display that starts over takes clients again after a moment: how often it is asked, and how long it is given in between.
    const ATTEMPTS: u32 = 5;
    const PAUSE: Duration = Duration::from_millis(200);

    /// Connects to the display that the variable DISPLAY names. What that means is decided by libxcb, as for the window itself.
    ///
    /// # Errors
    /// With the reason, in words, why a window can't be opened here.
    pub fn connect() -> Result<Display, String> {
        let name = std::env::var("DISPLAY").unwrap_or_default();
        if name.is_empty() {
            let wayland = std::env::var("WAYLAND_DISPLAY").is_ok_and(|name| !name.is_empty());
            return Err(if wayland {
                "there is a Wayland desktop, but no X11 or XWayland display in it".into()
            } else {
                "there is no display (the variable DISPLAY is not set)".into()
            });
        }
        // What listens may not be a display, and say nothing for ever, or not even take the connection.
        let (answer, answered) = mpsc::channel();
        let named = name.clone();
        thread::spawn(move || drop(answer.send(handshake(&named))));
        answered
            .recv_timeout(coming::PATIENCE)
            .unwrap_or_else(|_| Err(format!("display {name} doesn't answer within {} s", coming::PATIENCE.as_secs())))
    }

    fn handshake(name: &str) -> Result<Display, String> {
        load_libxcb().map_err(|error| format!("the library libxcb can't be loaded: {error}"))?;
        let mut attempt = 1;
        loop {
            let error = match XCBConnection::connect(None) {
                Ok((connection, _)) => return Ok(Display { _connection: connection }),
                Err(error) => error,
            };
            let (reason, may_pass) = reason(name, error);
            if !may_pass || attempt == ATTEMPTS {
                return Err(reason);
            }
            attempt += 1;
            thread::sleep(PAUSE);
        }
    }

    /// Whether a display's number is one that a port of the network can have. Nothing listens on others, and not everybody who
    /// reads such a name bears them.
    fn has_port(name: &str) -> bool {
        const FIRST_PORT: u32 = 6000;
        let number = name.rsplit_once(':').and_then(|(_, number)| number.split('.').next()?.parse::<u32>().ok());
        number.is_none_or(|number| number <= u32::from(u16::MAX) - FIRST_PORT)
    }

    /// Why libxcb got no connection, in words, and whether that may be otherwise in a moment. It tells only few reasons itself:
    /// where it doesn't, the display is asked again in a way that does.
    fn reason(name: &str, error: ConnectError) -> (String, bool) {
        let error = match error {
            ConnectError::IoError(_) | ConnectError::UnknownError if !has_port(name) => {
                return (format!("nothing answers on display {name}"), false);
            }
            ConnectError::IoError(_) | ConnectError::UnknownError => match RustConnection::connect(None) {
                // Now it takes connections.
                Ok(_) => return (format!("display {name} refuses a connection now and then"), true),
                Err(error) => error,
            },
            error => error,
        };
        match error {
            ConnectError::DisplayParsingError(_) => {
                let text = format!("the variable DISPLAY is \"{name}\", which names no display; for example :0");
                (text, false)
            }
            ConnectError::InvalidScreen => (format!("display {name} has no such screen; for example :0"), false),
            ConnectError::SetupFailed(refusal) => {
                let words = String::from_utf8_lossy(&refusal.reason);
                (format!("display {name} refuses: {}", words.trim_end_matches(['\0', '\n', ' '])), false)
            }
            ConnectError::SetupAuthenticate(_) => {
                (format!("display {name} refuses: it wants a key (see xauth) that isn't there"), false)
            }
            ConnectError::IoError(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof
                        | ErrorKind::BrokenPipe
                        | ErrorKind::ConnectionReset
                        | ErrorKind::ConnectionAborted
                ) =>
            {
                (format!("nothing answers on display {name}"), false)
            }
            ConnectError::IoError(_) | ConnectError::UnknownError | ConnectError::Incomplete { .. } => {
                let text = format!("display {name} refuses: it closes the connection (no access, or no X11 server)");
                (text, true)
            }
            ConnectError::ParseError(_) => (format!("what answers on display {name} is no X11 server"), false),
            other => (format!("display {name} refuses: {other}"), false),
        }
    }
}
