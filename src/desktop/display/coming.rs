//! The time while a window comes up. A display that took a connection a moment ago may refuse the next one, fall silent, or go
//! away: each of these is told in the same words, and nothing is written until the first frame is there.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind, set_hook, take_hook};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{connect, name};
use crate::headless::cpu_seconds;

/// How long a display may stay silent while it is asked, or while the program waits for it.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether the program waits.
const LOOK: Duration = Duration::from_millis(250);
/// A program that uses less than this share of a processor waits.
const WAITS: f64 = 0.02;
/// The exit code if no window can be shown.
const NO_WINDOW: i32 = 2;

/// What happens to a window that comes up, in all threads: there is one window in a process.
static STATE: Mutex<State> = Mutex::new(State { is_coming: false, hint: String::new(), last_will: None });

struct State {
    /// Whether a window comes up at present.
    is_coming: bool,
    /// What can be done without a window, in a sentence.
    hint: String,
    /// What is done when the display goes away later, and what is said about it.
    last_will: Option<LastWill>,
}

/// Saves what there is and says where.
type LastWill = Box<dyn FnOnce() -> Option<PathBuf> + Send>;

fn state() -> std::sync::MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A window that comes up; dropping it says that it is up, or that nobody waits for it any more.
#[derive(Debug)]
pub struct Coming {
    over: Arc<AtomicBool>,
}

impl Coming {
    /// From now on a window comes up. `hint` says what can be done without one. Ends the program if the display doesn't answer
    /// any more or goes away.
    #[must_use]
    pub fn begin(hint: &str) -> Self {
        *state() = State { is_coming: true, hint: hint.into(), last_will: None };
        #[cfg(target_os = "linux")]
        super::death::listen();
        let over = Arc::new(AtomicBool::new(false));
        let watched = over.clone();
        thread::spawn(move || {
            let mut wait = Wait::default();
            while !watched.load(Ordering::Acquire) {
                thread::sleep(LOOK);
                if wait.look(cpu_seconds()) && !watched.swap(true, Ordering::AcqRel) {
                    let silent = PATIENCE.as_secs();
                    end(&format!("{} has not answered for {silent} s while the window came up", name()));
                }
            }
        });
        Self { over }
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        state().is_coming = false;
    }
}

/// What is done when the display goes away now that the window is up, before the program ends: it saves what there is, and gives
/// the folder of a run that can go on from there, if there is one.
pub fn on_death(last_will: impl FnOnce() -> Option<PathBuf> + Send + 'static) {
    state().last_will = Some(Box::new(last_will));
}

/// Ends the program because the display is gone. To be called where nothing can go on: in the middle of a request to it.
pub(super) fn display_is_gone() -> ! {
    // Whoever holds the state now may be the thread that never goes on.
    let (is_coming, last_will) = match STATE.try_lock() {
        Ok(mut state) => (state.is_coming, state.last_will.take()),
        Err(_) => (false, None),
    };
    if is_coming {
        end(&format!("{} went away while the window came up", name()));
    }
    let saved = last_will.and_then(|last_will| last_will()).map_or_else(String::new, |run| {
        format!(" The run is recorded up to then; to go on: agent2028 run --resume {}", run.display())
    });
    eprintln!("The window is gone: {} went away.{saved}", name());
    std::process::exit(NO_WINDOW)
}

/// Ends the program without a window.
fn end(reason: &str) -> ! {
    let hint = STATE.try_lock().map(|state| state.hint.clone()).unwrap_or_default();
    eprintln!("{}", words(reason, &hint));
    std::process::exit(NO_WINDOW)
}

/// Why there is no window, and what can be done without one.
#[must_use]
pub fn words(reason: &str, hint: &str) -> String {
    let text = format!("A window can't be opened: {reason}.");
    if hint.is_empty() { text } else { format!("{text}\n{hint}") }
}

/// Whether a program waits: for how long it has used no processor. A busy machine makes everything slow, but whatever gets a
/// processor now and then uses it; what waits for a display doesn't, and a program that is stopped doesn't look.
#[derive(Debug, Default)]
struct Wait {
    looks: u32,
    used: Option<f64>,
}

impl Wait {
    /// Looks after another [`LOOK`] at how much processor time the program has used so far; whether it has waited for longer than
    /// [`PATIENCE`].
    fn look(&mut self, used: Option<f64>) -> bool {
        let waits = match (used, self.used) {
            (Some(now), Some(before)) => now - before < WAITS * LOOK.as_secs_f64(),
            (Some(_), None) => true,
            // Where nobody tells, nobody is judged.
            (None, _) => false,
        };
        self.used = used;
        self.looks = if waits { self.looks + 1 } else { 0 };
        LOOK * self.looks > PATIENCE
    }
}

/// The crates that talk with a display, as they show in the places of panics.
const WINDOWING: [&str; 3] = ["winit", "x11rb", "x11-dl"];

/// Does what talks with the display. Where it panics in the libraries for that and the display is to blame, the reason is given
/// instead; other panics go on.
///
/// # Errors
/// With the reason, in words, if the display refuses or is gone.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let caught: Arc<Mutex<Option<(String, bool)>>> = Arc::default();
    let usual: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = Arc::from(take_hook());
    let (here, noted, others) = (thread::current().id(), caught.clone(), usual.clone());
    set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if thread::current().id() == here && WINDOWING.iter().any(|library| place.contains(library)) {
            // On the way out the window is given up.
            let told = (panic.to_string(), state().is_coming);
            *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        } else {
            others(panic);
        }
    }));
    // What is half made is never looked at again.
    let outcome = catch_unwind(AssertUnwindSafe(work));
    drop(take_hook());
    set_hook(Box::new(move |panic| usual(panic)));
    let noted = caught.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (outcome, noted) {
        (Ok(done), _) => Ok(done),
        (Err(_), Some((panic, true))) => {
            bevy::log::debug!("{panic}");
            Err(refusal())
        }
        (Err(payload), Some((panic, false))) => match connect() {
            Err(reason) => Err(reason),
            // It isn't the display's fault.
            Ok(_) => {
                eprintln!("{panic}");
                resume_unwind(payload)
            }
        },
        (Err(payload), None) => resume_unwind(payload),
    }
}

/// Why a display refuses that took a connection a moment ago.
pub fn refusal() -> String {
    match connect() {
        Err(reason) => reason,
        Ok(_) => format!("{} took a connection and refused the next one while the window came up", name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_uses_no_processor() {
        let looks = (PATIENCE.as_secs_f64() / LOOK.as_secs_f64()) as u32;
        // A quarter of a millisecond a look is the watching itself.
        let mut wait = Wait::default();
        let told = (0..=looks).map(|look| wait.look(Some(1.0 + f64::from(look) * 0.000_25))).position(|told| told);
        assert_eq!(told, Some(looks as usize));
        // Somebody who gets a twentieth of a processor works, however long it takes.
        let mut wait = Wait::default();
        assert!((0..100 * looks).all(|look| !wait.look(Some(f64::from(look) * 0.05 * LOOK.as_secs_f64()))));
        // A moment of work begins the wait anew.
        let mut wait = Wait::default();
        let used = |look: u32| if look < looks { 1.0 } else { 2.0 };
        assert!((0..2 * looks - 1).all(|look| !wait.look(Some(used(look)))));
        assert!((0..3 * looks).all(|_| !Wait::default().look(None)));
    }

    #[test]
    fn other_panics_go_on_and_the_usual_hook_hears_of_them() {
        assert_eq!(guarded(|| 3), Ok(3));
        let other = catch_unwind(|| guarded(|| panic!("something else")));
        assert!(other.is_err());
    }
}
